//! Lines on their way out: who logs never waits for whoever reads the log (reliability.md, "The
//! process"). A thread writes; what it cannot keep up with is dropped and counted.

use std::io;
use std::io::Write;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::TrySendError;
use std::thread;
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

use crate::instruments::LinesDropped;

/// How many lines wait at most.
const LINES: usize = 8_192;
/// How long a line is at most, its newline counted; the rest of a longer one is cut off.
const LINE: usize = 8 << 10;

/// About how much is written at a stroke.
const BATCH: usize = 64 << 10;
/// How long lines wait for others at most, while there are many.
const PAUSE: Duration = Duration::from_millis(2);

/// How long whoever waits for room in the queue rests.
const BETWEEN_TRIES: Duration = Duration::from_millis(5);

/// Takes lines. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Queue(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    lines: SyncSender<Item>,
    losses: Arc<Losses>,
}

/// The lines that were dropped.
#[derive(Debug, Default)]
struct Losses {
    /// Since a line said how many.
    untold: AtomicU64,
    /// All that there ever were, where that is counted.
    counter: Mutex<Option<LinesDropped>>,
}

impl Losses {
    fn add(&self, lines: usize) {
        let lines = u64::try_from(lines).unwrap_or(u64::MAX);
        if lines == 0 {
            return;
        }
        self.untold.fetch_add(lines, Ordering::Relaxed);
        if let Some(counter) = &*self.counter() {
            counter.add(lines);
        }
    }

    fn counter(&self) -> MutexGuard<'_, Option<LinesDropped>> {
        self.counter.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Debug)]
enum Item {
    Line(Vec<u8>),
    /// All before this has been written once the other end is gone.
    Mark(SyncSender<()>),
}

impl Queue {
    /// A queue whose thread writes to `out`, until that takes no more.
    pub(super) fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        Self::of(LINES, out)
    }

    fn of(most: usize, out: impl Write + Send + 'static) -> io::Result<Self> {
        let (lines, waiting) = mpsc::sync_channel(most);
        let losses = Arc::<Losses>::default();
        let told = Arc::clone(&losses);
        let queue = Self(Arc::new(Shared { lines, losses }));
        // It ends with the process or with its output: nobody waits for a reader that does not read.
        thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write(&waiting, out, &told))?;
        Ok(queue)
    }

    /// From now on dropped lines are counted there, and those that were before.
    pub(super) fn count(&self, counter: LinesDropped) {
        let losses = &self.0.losses;
        counter.add(losses.untold.load(Ordering::Relaxed));
        *losses.counter() = Some(counter);
    }

    /// Waits until what was logged is written, but no longer than that.
    pub(super) fn flush(&self, patience: Duration) {
        let began = Instant::now();
        let (written, is_written) = mpsc::sync_channel(0);
        let mut mark = Item::Mark(written);
        while let Err(TrySendError::Full(back)) = self.0.lines.try_send(mark) {
            if began.elapsed() >= patience {
                return;
            }
            mark = back;
            thread::park_timeout(BETWEEN_TRIES);
        }
        // The other end is dropped unused, or is gone already.
        let _ = is_written.recv_timeout(patience.saturating_sub(began.elapsed()));
    }

    fn push(&self, line: &[u8]) {
        let losses = &self.0.losses;
        let dropped = losses.untold.swap(0, Ordering::Relaxed);
        if dropped > 0 && !self.try_push(note(dropped)) {
            losses.untold.fetch_add(dropped, Ordering::Relaxed);
        }
        if !self.try_push(cut(line)) {
            losses.add(1);
        }
    }

    fn try_push(&self, line: Vec<u8>) -> bool {
        self.0.lines.try_send(Item::Line(line)).is_ok()
    }
}

/// Says how many lines are missing. It is valid JSON, and readable for the eye as well.
fn note(dropped: u64) -> Vec<u8> {
    format!("{{\"level\":\"WARN\",\"message\":\"log lines were dropped\",\"lines\":{dropped}}}\n")
        .into_bytes()
}

/// As much of `line` as may be kept.
fn cut(line: &[u8]) -> Vec<u8> {
    if line.len() <= LINE {
        return line.to_vec();
    }
    let kept = line.get(..LINE - 1).unwrap_or_default();
    // Not within a character.
    let kept = kept.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    [kept.as_bytes(), b"\n"].concat()
}

/// Writes what comes, all that waits at a stroke. While there is much it looks only once in a while:
/// to wake a thread for each line costs more than the line.
fn write(lines: &Receiver<Item>, mut out: impl Write, losses: &Losses) {
    let mut batch = Vec::new();
    let mut marks = Vec::new();
    // Whether a line stands there without its end, so that the next one would pass for it.
    let mut is_torn = false;
    while let Ok(first) = lines.recv() {
        let mut waiting = Some(first);
        while let Some(item) = waiting {
            gather(item, &mut batch, &mut marks);
            while batch.len() < BATCH
                && let Ok(item) = lines.try_recv()
            {
                gather(item, &mut batch, &mut marks);
            }
            let is_full = batch.len() >= BATCH;
            let begun = if is_torn {
                put(&mut out, b"\n").1
            } else {
                Ok(())
            };
            let (written, ended) = match begun {
                Ok(()) => put(&mut out, &batch),
                Err(error) => (0, Err(error)),
            };
            let (there, lost) = batch.split_at(written);
            losses.add(lost.iter().filter(|byte| **byte == b'\n').count());
            is_torn = match there.last() {
                Some(last) => *last != b'\n',
                None => is_torn && ended.is_err(),
            };
            // A closed output ends the log, not the program. A full disk may have room again.
            if ended.is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
                return;
            }
            batch.clear();
            if marks.is_empty() && !is_full {
                thread::park_timeout(PAUSE);
            }
            // Whoever waits for one is told by its end.
            marks.clear();
            waiting = lines.try_recv().ok();
        }
    }
}

/// Writes as much as is taken; how much that was, and why no more.
fn put(out: &mut impl Write, batch: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while let Some(rest) = batch.get(written..).filter(|rest| !rest.is_empty()) {
        match out.write(rest) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, out.flush())
}

fn gather(item: Item, batch: &mut Vec<u8>, marks: &mut Vec<SyncSender<()>>) {
    match item {
        Item::Line(line) => batch.extend_from_slice(&line),
        Item::Mark(mark) => marks.push(mark),
    }
}

impl<'q> MakeWriter<'q> for Queue {
    type Writer = &'q Self;

    fn make_writer(&'q self) -> Self::Writer {
        self
    }
}

impl Write for &Queue {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufRead as _;
    use std::io::BufReader;

    use super::*;
    use crate::instruments::Instruments;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// Says that it is given lines, and takes none before it is told to.
    struct Gated {
        asked: SyncSender<()>,
        gate: Receiver<()>,
        out: io::PipeWriter,
    }

    impl Write for Gated {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Once the other end is gone, everything passes.
            let _ = self.asked.try_send(());
            let _ = self.gate.recv();
            self.out.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_beyond_the_room_are_dropped_and_counted_and_the_next_one_says_how_many() {
        let instruments = Instruments::new();
        let (gate, is_open) = mpsc::sync_channel(0);
        let (read, written) = io::pipe().unwrap();
        let (asked, is_asked) = mpsc::sync_channel(1);
        let gated = Gated {
            asked,
            gate: is_open,
            out: written,
        };
        let queue = Queue::of(2, gated).unwrap();
        queue.count(instruments.log_lines_dropped());
        queue.push(b"1\n");
        is_asked.recv_timeout(PATIENCE).unwrap();
        // The first is being written: two wait, and there is no room for the others.
        let waits = || matches!(queue.0.lines.try_send(Item::Line(b"2\n".to_vec())), Ok(()));
        assert!(waits());
        while waits() {}
        queue.push(b"lost\n");
        queue.push(b"lost\n");
        let page = instruments.encode();
        assert!(
            page.contains("mirror_log_lines_dropped_total 2\n"),
            "{page}"
        );
        drop(gate);
        queue.flush(PATIENCE);
        queue.push(b"last\n");
        queue.flush(PATIENCE);
        // With it ends the thread, and with that what is read.
        drop(queue);
        let lines = BufReader::new(read).lines().map_while(Result::ok);
        let mut lines = lines.skip_while(|line| !line.starts_with('{'));
        let said = lines.next().unwrap();
        assert!(said.contains("\"lines\":2}"), "{said}");
        assert_eq!(lines.next().as_deref(), Some("last"));
    }

    #[test]
    fn lines_that_wait_are_written_at_a_stroke_and_in_order() {
        let (gate, is_open) = mpsc::sync_channel(0);
        let (asked, is_asked) = mpsc::sync_channel(100);
        let (mut read, written) = io::pipe().unwrap();
        let gated = Gated {
            asked,
            gate: is_open,
            out: written,
        };
        let queue = Queue::start(gated).unwrap();
        let lines: Vec<String> = (0..100).map(|line| format!("{line}\n")).collect();
        queue.push(lines[0].as_bytes());
        is_asked.recv_timeout(PATIENCE).unwrap();
        for line in &lines[1..] {
            queue.push(line.as_bytes());
        }
        drop(gate);
        queue.flush(PATIENCE);
        assert_eq!(is_asked.try_iter().count(), 1);
        drop(queue);
        let mut text = String::new();
        io::Read::read_to_string(&mut read, &mut text).unwrap();
        assert_eq!(text, lines.concat());
    }

    #[test]
    fn a_closed_output_ends_the_log_alone() {
        let (read, written) = io::pipe().unwrap();
        drop(read);
        let queue = Queue::start(written).unwrap();
        queue.push(b"line\n");
        queue.flush(PATIENCE);
        let began = Instant::now();
        while queue.try_push(b"line\n".to_vec()) {
            assert!(began.elapsed() < PATIENCE, "nobody has ended the log");
            thread::yield_now();
        }
        queue.push(b"line\n");
        queue.flush(PATIENCE);
    }

    /// A disk that is full until so many writes have failed, each of them within its line.
    struct Full(u32, io::PipeWriter);

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return self.1.write(bytes);
            }
            self.0 -= 1;
            if self.0 % 2 == 1 {
                return self.1.write(&bytes[..1]);
            }
            Err(io::ErrorKind::StorageFull.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_drops_lines_for_as_long_as_it_is_full_and_tears_none() {
        let instruments = Instruments::new();
        let (read, written) = io::pipe().unwrap();
        let queue = Queue::start(Full(2, written)).unwrap();
        queue.push(b"lost\n");
        queue.flush(PATIENCE);
        // What was lost before it was counted counts as well.
        queue.count(instruments.log_lines_dropped());
        queue.push(b"last\n");
        queue.flush(PATIENCE);
        drop(queue);
        let lines = BufReader::new(read).lines().map_while(Result::ok);
        let lines: Vec<_> = lines.collect();
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert_eq!((&*lines[0], &*lines[2]), ("l", "last"));
        assert!(lines[1].contains("\"lines\":1}"), "{lines:?}");
        let page = instruments.encode();
        assert!(
            page.contains("mirror_log_lines_dropped_total 1\n"),
            "{page}"
        );
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        assert_eq!(cut(b"short\n"), b"short\n");
        assert_eq!(cut(&[b'a'; LINE]), [b'a'; LINE]);
        let line = cut(format!("a{}\n", "ü".repeat(LINE)).as_bytes());
        assert_eq!(line.len(), LINE - 1 + 1);
        assert!(String::from_utf8(line).unwrap().ends_with("ü\n"));
    }
}
