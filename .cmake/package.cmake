# What `cmake --install` leaves: the program, libtandem.a with its headers, the configs, and a CMake
# package, so that another project can
#   find_package(Tandem REQUIRED)
#   target_link_libraries(mine PRIVATE Tandem::tandem)
# and then #include "models/clip.h" or <tandem/models/clip.h>.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Without the commands of the program, which register themselves with its main().
add_library(tandem_archive STATIC
  $<FILTER:$<TARGET_OBJECTS:tandem_objects>,EXCLUDE,/train/cli/>)
set_target_properties(tandem_archive PROPERTIES
  OUTPUT_NAME tandem EXPORT_NAME archive LINKER_LANGUAGE CXX)
target_compile_features(tandem_archive PUBLIC cxx_std_20)
target_include_directories(tandem_archive INTERFACE
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/tandem>)

# It needs what the objects need; oneDNN by name, since its path is this machine's.
get_target_property(libraries tandem_objects LINK_LIBRARIES)
list(TRANSFORM libraries REPLACE "^${DNNL_LIBRARY}$" dnnl)
target_link_libraries(tandem_archive PUBLIC ${libraries})

install(TARGETS tandem RUNTIME)
install(TARGETS tandem_archive EXPORT TandemTargets ARCHIVE)
install(DIRECTORY core autograd models train
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tandem
  FILES_MATCHING PATTERN "*.h" PATTERN train/cli EXCLUDE)
install(DIRECTORY configs DESTINATION ${CMAKE_INSTALL_DATADIR}/tandem)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/Tandem)
configure_package_config_file(.cmake/TandemConfig.cmake.in ${PROJECT_BINARY_DIR}/TandemConfig.cmake
  INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/TandemConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(EXPORT TandemTargets NAMESPACE Tandem:: DESTINATION ${package_folder})
install(FILES ${PROJECT_BINARY_DIR}/TandemConfig.cmake
  ${PROJECT_BINARY_DIR}/TandemConfigVersion.cmake DESTINATION ${package_folder})
