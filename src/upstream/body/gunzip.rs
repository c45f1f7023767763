//! Undoes gzip as it comes, within bounds: what is written of a body is bounded as well as what is
//! read of it (security.md, section 8).

use std::io;
use std::io::Write;

use flate2::write::MultiGzDecoder;

/// From this size on a body may be no more than so many times what came of it.
const FREE: usize = 1 << 20;
const MOST_EXPANSION: usize = 100;
/// How much is undone before the bounds are looked at.
const PIECE: usize = 4 << 10;

/// Why a body cannot be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// There is more in it than the cap.
    Cap,
    /// It is far larger than what came.
    Expansion,
    /// It is no gzip.
    Malformed,
    /// It is gzip without its end, or with a wrong check sum there.
    Truncated,
}

/// A body that is being undone.
pub(super) struct Gunzip {
    decoder: MultiGzDecoder<Bounded>,
    received: usize,
}

/// As many bytes as fit.
struct Bounded {
    bytes: Vec<u8>,
    cap: usize,
    is_over: bool,
}

impl Gunzip {
    /// Nothing yet, of at most `cap` bytes.
    pub(super) fn new(cap: usize) -> Self {
        let bounded = Bounded {
            bytes: Vec::new(),
            cap,
            is_over: false,
        };
        Self {
            decoder: MultiGzDecoder::new(bounded),
            received: 0,
        }
    }

    /// Takes the next bytes of the body.
    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), Unfit> {
        for piece in chunk.chunks(PIECE) {
            self.received += piece.len();
            let written = self.decoder.write_all(piece);
            // What is in the decoder still is written too, so that the bounds see all of it.
            let written = written.and_then(|()| self.decoder.flush());
            let Bounded { bytes, is_over, .. } = self.decoder.get_ref();
            if *is_over {
                return Err(Unfit::Cap);
            }
            if bytes.len() > FREE && bytes.len() / MOST_EXPANSION > self.received {
                return Err(Unfit::Expansion);
            }
            written.map_err(|_| Unfit::Malformed)?;
        }
        Ok(())
    }

    /// The body, which has ended.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, Unfit> {
        if self.received == 0 {
            return Ok(Vec::new());
        }
        let finished = self.decoder.try_finish();
        if self.decoder.get_ref().is_over {
            return Err(Unfit::Cap);
        }
        // Whatever is wrong only now is wrong at the end: some of it is missing, or its check sum.
        finished.map_err(|_| Unfit::Truncated)?;
        Ok(std::mem::take(&mut self.decoder.get_mut().bytes))
    }
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.cap - self.bytes.len() {
            self.is_over = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// What becomes of `body`, in pieces of `size`.
    fn undone(body: &[u8], size: usize, cap: usize) -> Result<Vec<u8>, Unfit> {
        let mut gunzip = Gunzip::new(cap);
        for chunk in body.chunks(size) {
            gunzip.push(chunk)?;
        }
        gunzip.finish()
    }

    #[test]
    fn a_body_is_undone_however_it_is_cut() {
        let text = b"{\"status\":\"success\"}".repeat(1_000);
        let body = gzip(&text);
        for size in [1, 2, 3, 7, 100, body.len()] {
            assert_eq!(undone(&body, size, 1 << 20).as_ref(), Ok(&text), "{size}");
        }
        assert_eq!(undone(&[], 1, 1), Ok(Vec::new()));
        assert_eq!(undone(&gzip(b""), 1, 0), Ok(Vec::new()));
    }

    #[test]
    fn members_follow_each_other() {
        let body = [gzip(b"one, "), gzip(b"two")].concat();
        assert_eq!(undone(&body, 5, 100), Ok(b"one, two".to_vec()));
    }

    #[test]
    fn no_more_is_written_than_the_cap() {
        let body = gzip(&[7; 1_000]);
        assert_eq!(undone(&body, 4, 999), Err(Unfit::Cap));
        assert_eq!(undone(&body, 4, 1_000), Ok(vec![7; 1_000]));
    }

    #[test]
    fn a_bomb_is_refused_after_the_first_mebibyte() {
        let small = gzip(&vec![0; FREE]);
        assert!(undone(&small, 1_000, usize::MAX).is_ok());
        let bomb = gzip(&vec![0; 16 << 20]);
        let mut gunzip = Gunzip::new(usize::MAX);
        let mut pieces = bomb.chunks(PIECE);
        let refused = pieces.find_map(|piece| gunzip.push(piece).err());
        assert_eq!(refused, Some(Unfit::Expansion));
        assert!(gunzip.decoder.get_ref().bytes.len() < 8 << 20);
    }

    #[test]
    fn what_is_no_gzip_or_has_no_end_is_told_apart() {
        let body = gzip(b"some text that is long enough");
        assert_eq!(undone(b"{\"status\":1}", 3, 100), Err(Unfit::Malformed));
        for end in 1..body.len() {
            let cut = undone(&body[..end], 4, 100);
            assert_eq!(cut, Err(Unfit::Truncated), "{end}");
        }
        let mut wrong = body.clone();
        *wrong.last_mut().unwrap() ^= 1;
        assert_eq!(undone(&wrong, 4, 100), Err(Unfit::Truncated));
        let trailing = [body.as_slice(), b"trailing"].concat();
        assert!(undone(&trailing, 4, 100).is_err());
    }
}
