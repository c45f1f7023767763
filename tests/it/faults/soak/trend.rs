//! Whether something grows.

/// What of 25 minutes of 60 s is left to chance: 95 % of Student's t at 23 degrees of freedom.
const T: f64 = 2.07;

/// The medians of what was seen, a minute each, at the middle of it: what follows within a second or
/// two is no news, and a line through all of it would be surer of itself than it may be.
pub(super) fn minutes(seen: &[(f64, f64)]) -> Vec<(f64, f64)> {
    seen.chunk_by(|one, next| ((next.0 / 60.0).floor() - (one.0 / 60.0).floor()) < 0.5)
        .map(|minute| {
            let mut values: Vec<_> = minute.iter().map(|it| it.1).collect();
            values.sort_by(f64::total_cmp);
            let at = (minute[0].0 / 60.0).floor() * 60.0 + 30.0;
            (at, values[values.len() / 2])
        })
        .collect()
}

/// How much is added to a value in an hour, of what was seen at so many seconds: the line that fits
/// best, and how far it may be off (95 %). `None`: too little was seen to tell.
pub(super) fn per_hour(seen: &[(f64, f64)]) -> Option<(f64, f64)> {
    if seen.len() < 10 {
        return None;
    }
    let count = f64::from(u32::try_from(seen.len()).unwrap());
    let mean = |of: fn(&(f64, f64)) -> f64| seen.iter().map(of).sum::<f64>() / count;
    let (at, value) = (mean(|it| it.0), mean(|it| it.1));
    let spread: f64 = seen.iter().map(|it| (it.0 - at).powi(2)).sum();
    let common: f64 = seen.iter().map(|it| (it.0 - at) * (it.1 - value)).sum();
    let slope = common / spread;
    let left: Vec<f64> = seen
        .iter()
        .map(|it| it.1 - value - slope * (it.0 - at))
        .collect();
    let total: f64 = left.iter().map(|it| it * it).sum();
    // What is left of one minute is like what is left of the one before: so many fewer are news.
    let alike: f64 =
        left.windows(2).map(|it| it[0] * it[1]).sum::<f64>() / total.max(f64::MIN_POSITIVE);
    let alike = alike.clamp(0.0, 0.9);
    let news = (1.0 + alike) / (1.0 - alike);
    let error = (total / (count - 2.0) / spread * news).sqrt();
    Some((slope * 3_600.0, T * error * 3_600.0))
}

fn seconds(count: u32, value: impl Fn(u32) -> f64) -> Vec<(f64, f64)> {
    (0..count).map(|at| (f64::from(at), value(at))).collect()
}

#[test]
fn a_line_is_found_and_noise_is_none() {
    let line = seconds(60, |at| 5.0 + 0.5 * f64::from(at));
    let (slope, error) = per_hour(&line).unwrap();
    assert!(
        (slope - 1_800.0).abs() < 1e-6 && error < 1e-6,
        "{slope} {error}"
    );
    let noise = seconds(60, |at| f64::from(at % 2));
    let (slope, error) = per_hour(&noise).unwrap();
    assert!(slope.abs() < error, "{slope} {error}");
    assert_eq!(per_hour(&line[..9]), None);
}

#[test]
fn what_wanders_is_less_sure_than_what_jumps() {
    let error = |period| {
        per_hour(&seconds(64, |at| f64::from(at / period % 2)))
            .unwrap()
            .1
    };
    assert!(error(8) > 2.0 * error(1), "{} {}", error(8), error(1));
}

#[test]
fn of_a_minute_the_median_counts() {
    let seen = seconds(120, |at| if at == 7 { 1e9 } else { f64::from(at / 60) });
    assert_eq!(minutes(&seen), [(30.0, 0.0), (90.0, 1.0)]);
}
