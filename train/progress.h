// What a run says while it goes: one line, redrawn in place on a terminal, now and then as a line
// of its own elsewhere, and the same lines in log.txt.
//   epoch 3/40  step 75/1000  loss 3.214  lr 1.0e-3  412 pairs/s  wait 0.3 %  eta 5:12
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace tandem {

// log.txt: lines with date and time (UTC) before them, each written whole. A later run of the
// same folder goes on at its end. Not thread-safe.
class LogFile {
 public:
  // Opens the file for appending. Throws DataError.
  explicit LogFile(const std::filesystem::path& path);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  // Adds one line (a line feed inside becomes a space). Returns false if it could not be
  // written: a full disk must not end a run for the sake of its log.
  bool write(std::string_view line);

 private:
  int file_ = -1;
};

struct ProgressOptions {
  int64_t epochs = 0;
  int64_t steps_per_epoch = 0;
  int64_t steps = 0;               // of the whole run
  int64_t first_step = 0;          // steps done before (a resumed run)
  bool terminal = false;           // redraw in place
  double redraw_seconds = 0.1;     // terminal: at most one redraw in this time
  int64_t line_every_steps = 0;    // a lasting line each so many steps; 0: by time alone
  double line_every_seconds = 30;  // a lasting line at least each so many seconds
  double average_seconds = 10;     // time constant of the moving rate and wait share
  std::function<void(std::string_view)> screen;  // gets text as it is to be written; may be empty
  std::function<void(std::string_view)> log;     // gets lasting lines, bare; may be empty
};

// What one finished step has to tell.
struct ProgressStep {
  int64_t step = 0;  // steps done, this one included
  double loss = 0;
  double lr = 0;
  int64_t pairs = 0;        // image-text pairs of this step
  double wait_seconds = 0;  // of this step, spent waiting for data
};

// The progress of one training. Times are seconds of any clock that only goes forward. Not
// thread-safe.
class Progress {
 public:
  // `now` is when the first step begins.
  Progress(ProgressOptions options, double now);

  // After every step.
  void step(const ProgressStep& step, double now);

  // A line of other news; the progress line is drawn again below it.
  void message(std::string_view text);

  // Time that was not training (an evaluation, a checkpoint): leaves it out of the rate.
  void skip(double seconds) { last_ += seconds; }

  // Ends the line in place, so that the terminal's next line starts fresh.
  void finish();

  // The line as it stands; moving averages of the rate (pairs a second) and of the wait share.
  std::string line() const;
  double pairs_per_second() const { return seconds_ > 0 ? pairs_ / seconds_ : 0; }
  double wait_share() const { return seconds_ > 0 ? wait_ / seconds_ : 0; }

 private:
  void show(std::string_view text, bool lasting);

  ProgressOptions options_;
  ProgressStep current_;
  double last_;        // when the step before ended
  double last_drawn_;  // when the line was last drawn in place
  double last_line_;   // when a lasting line was last written
  double steps_ = 0;   // decayed sums of what the steps had, and
  double pairs_ = 0;
  double wait_ = 0;
  double seconds_ = 0;  // of how long they took
  size_t drawn_ = 0;    // characters of the line in place
};

// "0:07", "5:12", "1:02:09" or "3d 04:00"; "?" where the time is not known (negative, not finite).
std::string format_duration(double seconds);

// Whether standard output is a terminal that can redraw a line.
bool output_is_terminal();

}  // namespace tandem
