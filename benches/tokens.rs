//! Whether the time that a token takes to be compared tells something of it (security.md, "Shown by").
//!
//! `cargo bench --bench tokens` times two kinds of tokens in random order, so many of
//! each, and prints Welch's t of the two: under 4.5 in either direction they cannot be told apart. It
//! informs and decides nothing, since a machine that does other things too has its own moods; run it on
//! one that does not. What holds on every machine is in the code: nothing there ends at a difference.

use std::hint::black_box;
use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Instant;

use http::Request;
use prometheus_mirror::caller::Entry;
use prometheus_mirror::caller::Gate;
use prometheus_mirror::caller::Peer;
use prometheus_mirror::caller::TokenDigest;
use prometheus_mirror::secret::Secret;

/// How often each kind is timed.
const SAMPLES: usize = 100_000;
/// Of a hundred samples so many are kept, the shortest: what takes longer was interrupted.
const KEPT: usize = 90;
/// From here on two kinds can be told apart.
const LEAKS: f64 = 4.5;
const CALLERS: usize = 16;

/// The token of a caller.
fn token(caller: usize) -> String {
    format!("the-token-of-caller-number-{caller:04}")
}

fn digest(token: String) -> TokenDigest {
    TokenDigest::new(&Secret::new(token)).expect("it is long enough")
}

/// Random bits, the same ones in every run (xorshift).
struct Coin(u64);

impl Coin {
    fn toss(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::from(self.0 & 1 == 1)
    }
}

/// The nanoseconds that `work` took for each kind, without the longest.
fn samples(mut work: impl FnMut(usize)) -> [Vec<f64>; 2] {
    let mut all: Vec<(u32, usize)> = Vec::with_capacity(2 * SAMPLES);
    let mut coin = Coin(0x9e37_79b9_7f4a_7c15);
    for _ in 0..2 * SAMPLES {
        let kind = coin.toss();
        let began = Instant::now();
        work(black_box(kind));
        let took = began.elapsed().as_nanos();
        all.push((u32::try_from(took).unwrap_or(u32::MAX), kind));
    }
    let mut sorted: Vec<u32> = all.iter().map(|(took, _)| *took).collect();
    sorted.sort_unstable();
    let longest = sorted[sorted.len() * KEPT / 100];
    let mut kinds = [Vec::new(), Vec::new()];
    for (took, kind) in all {
        if took <= longest {
            kinds[kind].push(f64::from(took));
        }
    }
    kinds
}

/// Mean, and the square of its standard error.
fn mean(samples: &[f64]) -> (f64, f64) {
    let count = f64::from(u32::try_from(samples.len()).unwrap_or(u32::MAX));
    let mean = samples.iter().sum::<f64>() / count;
    let squares: f64 = samples.iter().map(|it| (it - mean).powi(2)).sum();
    (mean, squares / (count - 1.0) / count)
}

fn welch([one, other]: &[Vec<f64>; 2]) -> f64 {
    let ((one, its_error), (other, the_others)) = (mean(one), mean(other));
    (one - other) / (its_error + the_others).sqrt()
}

fn print(name: &str, kinds: &[Vec<f64>; 2]) {
    let t = welch(kinds);
    let told = if t.abs() < LEAKS {
        ""
    } else {
        "  can be told apart"
    };
    // Who reads no more wants no more.
    let _written = writeln!(std::io::stdout(), "{name:<48}t = {t:>7.2}{told}");
}

/// Two tokens, both compared with the digest of the first caller's.
fn compare(name: &str, texts: &[String; 2]) {
    let known = digest(token(0));
    let kinds = samples(|kind| {
        black_box(known.is_of(black_box(&texts[kind])));
    });
    print(name, &kinds);
}

/// Two tokens of known callers, accepted at the gate.
fn accept(name: &str, callers: [usize; 2]) {
    let entries = (0..CALLERS).map(|caller| Entry {
        name: format!("caller-{caller:04}").into(),
        tokens: Some(vec![digest(token(caller))]),
        certificates: Vec::new(),
    });
    let gate = Gate {
        is_loopback: false,
        entries: entries.collect(),
        ..Gate::default()
    };
    let peer = Peer::plain(SocketAddr::from(([192, 0, 2, 1], 1)));
    let (head, ()) = Request::new(()).into_parts();
    let entrance = gate.enter(&peer, &head).expect("anybody may come so far");
    let tokens = callers.map(|caller| Secret::new(token(caller)));
    let kinds = samples(|kind| {
        let accepted = entrance.accept(black_box(Some(&tokens[kind])));
        assert!(black_box(accepted).is_ok());
    });
    print(name, &kinds);
}

fn main() {
    let right = token(0);
    let wrong = right.replace("the", "any");
    let nearly = right.replace("0000", "0001");
    compare(
        "the same token twice, for comparison",
        &[right.clone(), right.clone()],
    );
    compare("a right one and a wrong one", &[right, wrong.clone()]);
    compare("wrong in its first byte, and in its last", &[wrong, nearly]);
    accept("that of the first caller and of the last", [0, CALLERS - 1]);
}
