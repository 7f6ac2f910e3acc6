#include "train/loaded_model.h"

#include "train/checkpoint/checkpoint_folder.h"
#include "train/snapshot.h"
#include "train/tuning/base_model.h"
#include "train/weights/load.h"

namespace tandem {

LoadedModel load_model(const std::string& source, Device& device, const std::string& base) {
  LoadedModel model;
  model.path = find_checkpoint(source).path;
  const Checkpoint checkpoint = read_checkpoint_model(model.path);
  model.config = config_of(checkpoint, model.path);
  model.config.model.image_tower = true;  // the base's, where features stood in for it
  model.tokenizer = tokenizer_of(checkpoint, model.path);
  model.variables = std::make_unique<Variables>(device);
  model.encoder = std::make_unique<Encoder>(model.config.model, *model.variables,
                                            LoadedModel::chunk);
  if (is_adapter(checkpoint)) {
    if (!base.empty()) model.config.adapter.base = base;
    load_base(*model.variables, read_base(model.config));
  }
  load_parameters(*model.variables, checkpoint.model, model.path, is_adapter(checkpoint));
  return model;
}

}  // namespace tandem
