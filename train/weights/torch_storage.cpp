#include "train/weights/torch_storage.h"

#include "core/error.h"

#include <fmt/ranges.h>

#include <array>
#include <cstring>
#include <span>

namespace tandem {
namespace {

// A tied parameter is there twice; a file where each value is used more often is a trap.
constexpr uint64_t most_uses = 4;

template <class From>
float widened(From value) {
  return static_cast<float>(value);
}

template <class From, auto Convert = widened<From>>
std::vector<float> floats(std::span<const std::byte> bytes) {
  std::vector<float> values(bytes.size() / sizeof(From));
  for (size_t i = 0; i < values.size(); ++i) {
    From element;
    std::memcpy(&element, bytes.data() + i * sizeof(From), sizeof(From));
    values[i] = Convert(element);
  }
  return values;
}

struct StorageType {
  std::string_view name;
  uint64_t bytes;  // of an element
  std::vector<float> (*convert)(std::span<const std::byte>);
};

constexpr std::array<StorageType, 10> storage_types{{
    {"torch.FloatStorage", 4, floats<float>},
    {"torch.HalfStorage", 2, floats<uint16_t, float_from_f16>},
    {"torch.BFloat16Storage", 2, floats<uint16_t, float_from_bf16>},
    {"torch.DoubleStorage", 8, floats<double>},
    {"torch.LongStorage", 8, floats<int64_t>},
    {"torch.IntStorage", 4, floats<int32_t>},
    {"torch.ShortStorage", 2, floats<int16_t>},
    {"torch.CharStorage", 1, floats<int8_t>},
    {"torch.ByteStorage", 1, floats<uint8_t>},
    {"torch.BoolStorage", 1, floats<uint8_t>},
}};

// A tensor's place in its storage.
struct View {
  int64_t offset = 0;
  std::vector<int64_t> axes, strides;
};

// Elements of a view, or -1 unless they lie in a storage of `size`.
int64_t elements_inside(const View& view, uint64_t size) {
  int64_t last = view.offset;
  int64_t elements = 1;
  if (view.offset < 0) return -1;
  for (size_t i = 0; i < view.axes.size(); ++i) {
    int64_t step = 0;
    if (view.axes[i] < 1 || view.strides[i] < 0 ||
        __builtin_mul_overflow(view.axes[i] - 1, view.strides[i], &step) ||
        __builtin_add_overflow(last, step, &last) ||
        __builtin_mul_overflow(elements, view.axes[i], &elements)) {
      return -1;
    }
  }
  const bool inside = static_cast<uint64_t>(last) < size && static_cast<uint64_t>(elements) <= size;
  return inside ? elements : -1;
}

// Copies the axes from `axis` on, row-major.
void gather(const View& view, size_t axis, int64_t from, const std::vector<float>& storage,
            std::vector<float>& to) {
  if (axis == view.axes.size()) {
    to.push_back(storage[static_cast<size_t>(from)]);
    return;
  }
  for (int64_t i = 0; i < view.axes[axis]; ++i) {
    gather(view, axis + 1, from + i * view.strides[axis], storage, to);
  }
}

bool contiguous(const View& view) {
  int64_t stride = 1;
  for (size_t i = view.axes.size(); i > 0; --i) {
    if (view.axes[i - 1] != 1 && view.strides[i - 1] != stride) return false;
    stride *= view.axes[i - 1];
  }
  return true;
}

std::vector<int64_t> integers(const Pickle& pickle, int32_t tuple) {
  std::vector<int64_t> values;
  for (const int32_t item : pickle.at(tuple).items) values.push_back(pickle.at(item).integer);
  return values;
}

}  // namespace

const std::vector<float>& TorchStorages::storage(const std::string& name,
                                                 const PickleValue& value) {
  const std::string& type = pickle_.at(value.items[1]).text;
  const std::string& key = pickle_.at(value.items[2]).text;
  const int64_t elements = pickle_.at(value.items[4]).integer;
  const std::string id = type + " " + key;
  if (id == key_) return values_;
  const StorageType* known = nullptr;
  for (const StorageType& candidate : storage_types) {
    if (candidate.name == type) known = &candidate;
  }
  if (known == nullptr) {
    fail<CheckpointError>("{}: tensor '{}' is in a {}, which is not read; save it as floats.",
                          archive_.path(), printable(name), printable(type));
  }
  const ZipEntry* entry = archive_.find(folder_ + "data/" + key);
  if (entry == nullptr || elements < 0 || entry->bytes % known->bytes != 0 ||
      entry->bytes / known->bytes != static_cast<uint64_t>(elements)) {
    fail<CheckpointError>(
        "{}: tensor '{}' is in storage '{}' of {} elements, which the archive {}.", archive_.path(),
        printable(name), printable(key), elements,
        entry == nullptr ? "lacks" : fmt::format("has with {} bytes; it is damaged", entry->bytes));
  }
  const auto count = static_cast<uint64_t>(elements);
  if (read_.insert(id).second) in_storages_ += count;
  in_reads_ += count;
  if (in_reads_ > most_uses * in_storages_) {
    fail<CheckpointError>(
        "{}: its tensors jump between storages again and again, up to '{}'; "
        "save the state dict again.",
        archive_.path(), printable(name));
  }
  values_ = known->convert(archive_.read(*entry));
  key_ = id;
  return values_;
}

NamedTensor TorchStorages::read(const std::string& name, const PickleValue& tensor) {
  const std::vector<float>& values = storage(name, pickle_.at(tensor.items[0]));
  const View view{pickle_.at(tensor.items[1]).integer, integers(pickle_, tensor.items[2]),
                  integers(pickle_, tensor.items[3])};
  const int64_t elements = elements_inside(view, values.size());
  if (elements < 0) {
    fail<CheckpointError>(
        "{}: tensor '{}' of shape [{}], strides [{}] and offset {} does not lie in its storage of "
        "{} elements; the file is damaged.",
        archive_.path(), printable(name), fmt::join(view.axes, ", "), fmt::join(view.strides, ", "),
        view.offset, values.size());
  }
  in_tensors_ += static_cast<uint64_t>(elements);
  if (in_tensors_ > most_uses * in_storages_) {
    fail<CheckpointError>(
        "{}: up to tensor '{}' {} elements share storages of {}; the file is "
        "damaged.",
        archive_.path(), printable(name), in_tensors_, in_storages_);
  }
  NamedTensor result{name, Shape(view.axes), {}};
  if (contiguous(view)) {
    const auto from = values.begin() + view.offset;
    result.values.assign(from, from + elements);
  } else {
    result.values.reserve(static_cast<size_t>(elements));
    gather(view, 0, view.offset, values, result.values);
  }
  return result;
}

}  // namespace tandem
