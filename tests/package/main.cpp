// A program of somebody else's, built against the installed library.
#include "train/text/tokenizer.h"

#include <tandem/autograd/op.h>

#include <iostream>

int main() {
  const auto ids = tandem::clip_tokenizer()->encode("hello world");
  std::cout << ids.at(0) << ' ' << ids.at(1) << ' ' << tandem::registered_ops().size() << " ops\n";
  return ids.size() == 2 && !tandem::registered_ops().empty() ? 0 : 1;
}
