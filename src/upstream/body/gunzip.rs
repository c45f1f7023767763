//! Undoes gzip as it comes, a piece at a time: nothing is undone before somebody takes it, and what
//! comes of a body is bounded by what was sent of it (security.md, section 8).

use std::io;
use std::io::BufRead;
use std::io::Read;

use bytes::Buf as _;
use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;

/// From this size on a body may be no more than so many times what was sent of it.
const FREE: usize = 1 << 20;
const MOST_EXPANSION: usize = 100;
/// How much is undone at a time.
const PIECE: usize = 16 << 10;

/// Why a body cannot be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It is far larger than what came.
    Expansion,
    /// It is no gzip.
    Malformed,
    /// It is gzip without its end.
    Truncated,
}

/// A body that is being undone.
pub(super) struct Gunzip {
    decoder: MultiGzDecoder<Fed>,
    piece: Vec<u8>,
    /// How much has come, and how much came of it.
    received: usize,
    undone: usize,
}

/// What was received and not yet undone.
#[derive(Default)]
struct Fed {
    chunk: Bytes,
    /// Whether nothing comes any more.
    is_over: bool,
}

impl Gunzip {
    /// Nothing yet.
    pub(super) fn new() -> Self {
        Self {
            decoder: MultiGzDecoder::new(Fed::default()),
            piece: vec![0; PIECE],
            received: 0,
            undone: 0,
        }
    }

    /// Takes the next bytes of the body. What came before must have been undone.
    pub(super) fn push(&mut self, chunk: Bytes) {
        self.received += chunk.len();
        self.decoder.get_mut().chunk = chunk;
    }

    /// The body has ended.
    pub(super) fn end(&mut self) {
        self.decoder.get_mut().is_over = true;
    }

    /// The next bytes that come of what was received; `None` if there are no more of them.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, Unfit> {
        // No body at all is no gzip, and yet nothing is wrong with it.
        if self.received == 0 {
            return Ok(None);
        }
        let count = match self.decoder.read(&mut self.piece) {
            Ok(0) => return Ok(None),
            Ok(count) => count,
            Err(error) => {
                return match error.kind() {
                    io::ErrorKind::WouldBlock => Ok(None),
                    io::ErrorKind::UnexpectedEof if self.is_behind() => Err(Unfit::Malformed),
                    io::ErrorKind::UnexpectedEof => Err(Unfit::Truncated),
                    _ => Err(Unfit::Malformed),
                };
            }
        };
        self.undone += count;
        let taken = self.received - self.decoder.get_ref().chunk.len();
        if self.undone > FREE && self.undone / MOST_EXPANSION > taken {
            return Err(Unfit::Expansion);
        }
        Ok(Some(&self.piece[..count]))
    }

    /// Whether what is read now stands behind a whole member and is too short to be another.
    fn is_behind(&self) -> bool {
        self.undone > 0 && self.decoder.header().is_none()
    }
}

impl BufRead for Fed {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.chunk.is_empty() && !self.is_over {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(&self.chunk)
    }

    fn consume(&mut self, count: usize) {
        self.chunk.advance(count);
    }
}

impl Read for Fed {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// What becomes of `body`, in chunks of `size`.
    fn undone(body: &[u8], size: usize) -> Result<Vec<u8>, Unfit> {
        let mut gunzip = Gunzip::new();
        let mut all = Vec::new();
        for chunk in body.chunks(size) {
            gunzip.push(Bytes::copy_from_slice(chunk));
            while let Some(piece) = gunzip.next()? {
                all.extend_from_slice(piece);
            }
        }
        gunzip.end();
        while let Some(piece) = gunzip.next()? {
            all.extend_from_slice(piece);
        }
        Ok(all)
    }

    #[test]
    fn a_body_is_undone_however_it_is_cut() {
        let text = b"{\"status\":\"success\"}".repeat(3_000);
        let body = gzip(&text);
        for size in [1, 2, 3, 7, 100, body.len()] {
            assert_eq!(undone(&body, size).as_ref(), Ok(&text), "{size}");
        }
        assert_eq!(undone(&[], 1), Ok(Vec::new()));
        assert_eq!(undone(&gzip(b""), 1), Ok(Vec::new()));
    }

    #[test]
    fn members_follow_each_other() {
        let body = [gzip(b"one, "), gzip(b"two")].concat();
        for size in [1, 5, body.len()] {
            assert_eq!(undone(&body, size), Ok(b"one, two".to_vec()));
        }
    }

    #[test]
    fn a_bomb_is_refused_after_the_first_mebibyte() {
        // 1 MiB of zeros is 1,000 times what is sent of it.
        assert_eq!(undone(&gzip(&vec![0; FREE]), 999).unwrap().len(), FREE);
        let over = gzip(&vec![0; FREE + PIECE]);
        assert_eq!(undone(&over, 999), Err(Unfit::Expansion));

        let bomb = gzip(&vec![0; 64 << 20]);
        let mut gunzip = Gunzip::new();
        gunzip.push(bomb.into());
        let refused = loop {
            match gunzip.next() {
                Ok(Some(_)) => {}
                Ok(None) => panic!("it is a bomb"),
                Err(unfit) => break unfit,
            }
        };
        assert_eq!(refused, Unfit::Expansion);
        assert!(gunzip.undone < 4 << 20, "{}", gunzip.undone);
    }

    #[test]
    fn a_hundredfold_is_no_bomb() {
        // Of each 1,000 bytes 9 cannot be made smaller, and the rest takes a few more.
        let mut noise = 1_u64;
        let text: Vec<u8> = (0..3 << 20)
            .map(|at| {
                noise = noise
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                if at % 1_000 < 9 {
                    noise.to_be_bytes()[0]
                } else {
                    b' '
                }
            })
            .collect();
        let body = gzip(&text);
        let times = text.len() / body.len();
        assert!((50..100).contains(&times), "{times}");
        assert_eq!(undone(&body, 1_000).map(|all| all.len()), Ok(text.len()));
    }

    #[test]
    fn exactly_a_hundredfold_is_no_bomb_and_with_a_byte_less_it_is_one() {
        let plain = gzip(&vec![0; FREE + PIECE]);
        // What becomes of it with a name of so many bytes in its head, and how many more would have
        // to be sent of it.
        let told = |length: usize| {
            let mut body = plain[..10].to_vec();
            body[3] |= 8;
            body.resize(10 + length, b'n');
            body.push(0);
            body.extend_from_slice(&plain[10..]);
            let mut gunzip = Gunzip::new();
            gunzip.push(body.into());
            let ended = loop {
                match gunzip.next() {
                    Ok(Some(_)) => {}
                    Ok(None) => break Ok(()),
                    Err(unfit) => break Err(unfit),
                }
            };
            let taken = gunzip.received - gunzip.decoder.get_ref().chunk.len();
            (
                ended,
                (gunzip.undone / MOST_EXPANSION).saturating_sub(taken),
            )
        };
        let short = 1_000;
        let (ended, missing) = told(short);
        assert_eq!(ended, Err(Unfit::Expansion));
        assert_eq!(told(short + missing - 1), (Err(Unfit::Expansion), 1));
        assert_eq!(told(short + missing).0, Ok(()));
    }

    #[test]
    fn what_is_no_gzip_or_has_no_end_is_told_apart() {
        let body = gzip(b"some text that is long enough");
        assert_eq!(undone(b"{\"status\":1}", 3), Err(Unfit::Malformed));
        for end in 1..body.len() {
            let cut = undone(&body[..end], 4);
            assert_eq!(cut, Err(Unfit::Truncated), "{end}");
        }
        let mut wrong = body.clone();
        *wrong.last_mut().unwrap() ^= 1;
        assert_eq!(undone(&wrong, 4), Err(Unfit::Malformed));
        let trailing = [body.as_slice(), b"trailing"].concat();
        assert_eq!(undone(&trailing, 4), Err(Unfit::Malformed));
    }

    #[test]
    fn a_head_without_end_is_refused() {
        let mut endless = vec![0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3];
        endless.resize(100 << 10, b'x');
        assert_eq!(undone(&endless, 999), Err(Unfit::Malformed));
    }
}
