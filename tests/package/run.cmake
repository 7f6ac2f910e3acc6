# Installs `build` into a folder of its own, builds the project `source` against it with `compiler`,
# `flags` and `generator`, and runs it.
set(folder ${build}/package_test)
file(REMOVE_RECURSE ${folder})

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result)
  if(result)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "This failed (${result}): ${command}")
  endif()
endfunction()

run(${CMAKE_COMMAND} --install ${build} --prefix ${folder}/prefix)
run(${CMAKE_COMMAND} -S ${source} -B ${folder}/build -G ${generator}
    -D CMAKE_PREFIX_PATH=${folder}/prefix -D CMAKE_CXX_COMPILER=${compiler}
    -D CMAKE_CXX_FLAGS=${flags} -D CMAKE_BUILD_TYPE=Release)
run(${CMAKE_COMMAND} --build ${folder}/build)
run(${folder}/build/consumer)
run(${folder}/prefix/bin/tandem --help)
