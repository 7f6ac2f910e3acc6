#include "train/progress.h"

#include "core/error.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <tuple>

namespace tandem {

LogFile::LogFile(const std::filesystem::path& path) {
  file_ = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file_ < 0) {
    fail<DataError>("log: {} can't be opened for appending: {}.", path.string(),
                    std::strerror(errno));
  }
}

LogFile::~LogFile() { close(file_); }

bool LogFile::write(std::string_view line) {
  std::string text = fmt::format("{:%Y-%m-%d %H:%M:%S}  {}", fmt::gmtime(std::time(nullptr)), line);
  std::replace(text.begin(), text.end(), '\n', ' ');
  text += '\n';
  const off_t before = lseek(file_, 0, SEEK_END);
  const ssize_t written = ::write(file_, text.data(), text.size());
  if (written == static_cast<ssize_t>(text.size())) return true;
  // The next line is not to go on in the middle of this one.
  if (written > 0 && before >= 0) std::ignore = ftruncate(file_, before);
  return false;
}

std::string format_duration(double seconds) {
  if (!(seconds >= 0 && seconds < 1e9)) return "?";
  const auto all = static_cast<int64_t>(std::llround(seconds));
  const int64_t minutes = all / 60 % 60;
  const int64_t hours = all / 3600 % 24;
  if (all >= 86400) return fmt::format("{}d {:02}:{:02}", all / 86400, hours, minutes);
  if (all >= 3600) return fmt::format("{}:{:02}:{:02}", hours, minutes, all % 60);
  return fmt::format("{}:{:02}", minutes, all % 60);
}

bool output_is_terminal() {
  const char* kind = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && kind != nullptr && std::strcmp(kind, "dumb") != 0;
}

Progress::Progress(ProgressOptions options, double now)
    : options_(std::move(options)), last_(now), last_drawn_(now), last_line_(now) {
  current_.step = options_.first_step;
  last_drawn_ -= options_.redraw_seconds;  // the first step is drawn
}

void Progress::step(const ProgressStep& step, double now) {
  const double took = std::max(0.0, now - last_);
  const double kept = std::exp(-took / std::max(options_.average_seconds, 1e-9));
  steps_ = steps_ * kept + 1;
  pairs_ = pairs_ * kept + static_cast<double>(step.pairs);
  wait_ = wait_ * kept + std::min(step.wait_seconds, took);
  seconds_ = seconds_ * kept + took;
  last_ = now;
  current_ = step;

  const int64_t every = options_.line_every_steps;
  const bool lasting = (every > 0 && step.step % every == 0) || step.step == options_.steps ||
                       now - last_line_ >= options_.line_every_seconds;
  const bool redraw = options_.terminal && now - last_drawn_ >= options_.redraw_seconds;
  if (!lasting && !redraw) return;
  const std::string text = line();
  if (lasting) {
    last_line_ = now;
    if (options_.log) options_.log(text);
  }
  if (options_.terminal || lasting) show(text, !options_.terminal);
  last_drawn_ = now;
}

void Progress::message(std::string_view text) {
  const bool redraw = drawn_ > 0;
  if (options_.log) options_.log(text);
  show(text, true);
  if (redraw) show(line(), false);
}

void Progress::finish() {
  if (drawn_ > 0 && options_.screen) options_.screen("\n");
  drawn_ = 0;
}

std::string Progress::line() const {
  const int64_t per_epoch = std::max<int64_t>(options_.steps_per_epoch, 1);
  const int64_t epoch = std::max<int64_t>(current_.step - 1, 0) / per_epoch + 1;
  const double left = static_cast<double>(options_.steps - current_.step);
  const double eta = steps_ > 0 ? left * seconds_ / steps_ : -1;
  const double rate = pairs_per_second();
  return fmt::format(
      "epoch {}/{}  step {}/{}  loss {:.3f}  lr {:.1e}  {:.{}f} pairs/s  "
      "wait {:.1f} %  eta {}",
      epoch, options_.epochs, current_.step, options_.steps, current_.loss, current_.lr, rate,
      rate < 10 ? 2 : 0, 100 * wait_share(), format_duration(eta));
}

// A line in place covers what is left of a longer one before it; a lasting line replaces it.
void Progress::show(std::string_view text, bool lasting) {
  if (!options_.screen) return;
  const std::string blank(drawn_ > text.size() ? drawn_ - text.size() : 0, ' ');
  const std::string_view start = options_.terminal && (drawn_ > 0 || !lasting) ? "\r" : "";
  options_.screen(fmt::format("{}{}{}{}", start, text, blank, lasting ? "\n" : ""));
  drawn_ = lasting ? 0 : text.size();
}

}  // namespace tandem
