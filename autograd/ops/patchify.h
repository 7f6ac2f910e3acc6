// Cuts pictures into patches, the first step of a ViT (Dosovitskiy et al. 2021, section 3.1).
#pragma once

#include "autograd/graph.h"

namespace tandem {

// pixels [N, C, H, W] -> [N, (H/P)(W/P), C P P] with P = `patch`: patches row by row, inside a
// patch channel by channel, then row by row, so that a convolution's weight [D, C, P, P] with
// stride P is a linear layer's [D, C P P]. Throws ShapeError unless P divides H and W.
Tensor patchify(Tensor pixels, int64_t patch);

}  // namespace tandem
