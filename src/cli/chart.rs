//! Points as block characters: gaps stay blank, and minimum, maximum and last stand below in words.

use super::show::Screen;
use super::when;
use crate::time::UnixMillis;

/// Rows of blocks.
const ROWS: usize = 8;
/// Blocks of a height of one to eight eighths.
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A point: a value and the time that it stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Point {
    /// When its time begins.
    pub(super) start: UnixMillis,
    /// When its bucket ends; `None` for a raw point.
    pub(super) end: Option<UnixMillis>,
    /// Its value.
    pub(super) value: f64,
    /// Its value as it was answered.
    pub(super) text: String,
}

/// The chart of `points`, of which there is at least one.
pub(super) fn chart(points: &[Point], screen: Screen) -> String {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return "no points\n".to_owned();
    };
    let by_value = |a: &&Point, b: &&Point| a.value.total_cmp(&b.value);
    let lowest = points.iter().min_by(by_value).unwrap_or(first);
    let highest = points.iter().max_by(by_value).unwrap_or(last);
    let labels = [highest.text.as_str(), lowest.text.as_str()];
    let margin = labels.map(|text| text.chars().count()).into_iter().max();
    let margin = margin.unwrap_or(0).min(screen.width / 3);
    let columns = heights(points, (screen.width - margin - 3).max(1), lowest, highest);
    let mut text = String::new();
    for row in (0..ROWS).rev() {
        let label = match row {
            7 => labels[0],
            0 => labels[1],
            _ => "",
        };
        let label: String = label.chars().take(margin).collect();
        let blocks: String = columns.iter().map(|height| block(*height, row)).collect();
        let blocks = screen.drawn(blocks.trim_end());
        text.push_str(format!("{label:>margin$} ┤{blocks}").trim_end());
        text.push('\n');
    }
    let count = match points.len() {
        1 => "1 point".to_owned(),
        count => format!("{count} points"),
    };
    let at = |point: &Point| format!("{} at {}", point.text, when::shown(point.start));
    let (from, to) = (when::shown(first.start), when::shown(end_of(last)));
    for line in [
        format!("{count} from {from} to {to}"),
        format!("minimum {}", at(lowest)),
        format!("maximum {}", at(highest)),
        format!("last {}", at(last)),
    ] {
        text.push_str(&line);
        text.push('\n');
    }
    text
}

fn end_of(point: &Point) -> UnixMillis {
    point.end.unwrap_or(point.start)
}

/// The height of each column in eighths of a block, at least 1 where there is a value; 0 is a gap.
fn heights(points: &[Point], columns: usize, lowest: &Point, highest: &Point) -> Vec<usize> {
    let spacing = spacing(points);
    let spans = points.iter().map(|point| {
        let start = point.start.get();
        let end = point.end.map_or(start + spacing, UnixMillis::get);
        (start, end.max(start + 1), point.value)
    });
    let spans: Vec<(i64, i64, f64)> = spans.collect();
    let (Some(begin), Some(end)) = (
        spans.first().map(|it| it.0),
        spans.iter().map(|it| it.1).max(),
    ) else {
        return vec![0; columns];
    };
    let count = i64::try_from(columns).unwrap_or(1);
    let length = end - begin;
    let mut from = 0;
    let edge = |column: i64| begin + length * column / count;
    (0..count)
        .map(|column| {
            let left = edge(column);
            let right = edge(column + 1).max(left + 1);
            while spans.get(from).is_some_and(|span| span.1 <= left) {
                from += 1;
            }
            let inside = spans[from..].iter().take_while(|span| span.0 < right);
            // The largest one: a peak must not vanish on a narrow screen.
            let value = inside.map(|span| span.2).reduce(f64::max);
            value.map_or(0, |value| height(value, lowest.value, highest.value))
        })
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "between 1 and 64"
)]
fn height(value: f64, lowest: f64, highest: f64) -> usize {
    let most = (ROWS * 8) as f64;
    if highest <= lowest {
        return ROWS * 4;
    }
    // Halved, since the difference of two finite numbers may be infinite.
    let share = (value / 2.0 - lowest / 2.0) / (highest / 2.0 - lowest / 2.0);
    (1.0 + share * (most - 1.0)).round().clamp(1.0, most) as usize
}

/// How far apart raw points usually are: the median.
fn spacing(points: &[Point]) -> i64 {
    let pairs = points.windows(2);
    let mut gaps: Vec<i64> = pairs
        .map(|pair| pair[1].start.since(pair[0].start).get())
        .collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).copied().unwrap_or(1).max(1)
}

fn block(height: usize, row: usize) -> char {
    BLOCKS[height.saturating_sub(row * 8).min(8)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(start: i64, end: Option<i64>, value: f64) -> Point {
        Point {
            start: UnixMillis::new(start),
            end: end.map(UnixMillis::new),
            value,
            text: value.to_string(),
        }
    }

    fn screen(width: usize) -> Screen {
        Screen {
            is_coloured: false,
            is_terminal: true,
            width,
        }
    }

    #[test]
    fn a_gap_is_blank_and_the_lowest_value_is_not() {
        let points = [
            point(0, Some(1_000), 0.0),
            point(1_000, Some(2_000), 8.0),
            point(3_000, Some(4_000), 4.0),
        ];
        let text = chart(&points, screen(8));
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "8 ┤ █");
        assert_eq!(lines[3], "  ┤ █ ▁");
        assert_eq!(lines[7], "0 ┤▁█ █");
        assert_eq!(
            lines[8],
            "3 points from 1970-01-01T00:00:00Z to 1970-01-01T00:00:04Z"
        );
        assert_eq!(lines[9], "minimum 0 at 1970-01-01T00:00:00Z");
        assert_eq!(lines[11], "last 4 at 1970-01-01T00:00:03Z");
    }

    #[test]
    fn no_line_is_wider_than_the_screen_and_extremes_break_nothing() {
        let points: Vec<Point> = (0..500)
            .map(|n| {
                point(
                    n * 15_000,
                    None,
                    if n % 2 == 0 { f64::MAX } else { f64::MIN },
                )
            })
            .collect();
        for width in [20, 80, 300] {
            let text = chart(&points, screen(width));
            let blocks = text.lines().take(ROWS);
            assert!(
                blocks.into_iter().all(|line| line.chars().count() <= width),
                "{text}"
            );
        }
        assert!(chart(&[point(5, None, 1.0)], screen(80)).contains("1 point from"));
    }
}
