#include "train/loaded_model.h"

#include "train/checkpoint/checkpoint_folder.h"
#include "train/snapshot.h"
#include "train/weights/load.h"

namespace tandem {

LoadedModel load_model(const std::string& source, Device& device) {
  constexpr int64_t chunk = 64;
  LoadedModel model;
  model.path = find_checkpoint(source).path;
  const Checkpoint checkpoint = read_checkpoint_model(model.path);
  model.config = config_of(checkpoint, model.path);
  model.tokenizer = tokenizer_of(checkpoint, model.path);
  model.variables = std::make_unique<Variables>(device);
  model.encoder = std::make_unique<Encoder>(model.config.model, *model.variables, chunk);
  load_parameters(*model.variables, checkpoint.model, model.path);
  return model;
}

}  // namespace tandem
