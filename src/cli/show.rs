//! How data are shown: tables, CSV, YAML, colours and widths (experience.md, "Command line").

use std::io::{self, IsTerminal as _};

use clap::{Args, ValueEnum};

use super::{USAGE, json, print};
use crate::config::Environment;
use crate::config::ProcessEnvironment;

/// Columns where there is no terminal.
const WIDTH: usize = 100;

/// The forms of data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// For the eye.
    Table,
    /// As the mirror answers.
    Json,
    /// The same as YAML.
    Yaml,
    /// A header line, then one line each.
    Csv,
    /// A drawing of points.
    Chart,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Colour {
    /// On a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    Always,
    Never,
}

/// The flags of every command that shows data.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct ShowFlags {
    /// The form of the data [default: table; for points chart on a terminal, else csv].
    #[arg(short, long, value_name = "FORM")]
    output: Option<Form>,
    /// Whether to use colours.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    color: Colour,
}

/// Where data go, and what can be seen there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Screen {
    /// Whether colours are seen.
    pub(super) is_coloured: bool,
    /// Whether it is a terminal.
    pub(super) is_terminal: bool,
    /// Columns.
    pub(super) width: usize,
}

impl ShowFlags {
    /// The form that was asked for.
    pub(super) const fn form(self) -> Option<Form> {
        self.output
    }

    /// The form of what is no series of points.
    ///
    /// # Errors
    ///
    /// The exit code, for a chart.
    pub(super) fn listed(self) -> Result<Form, u8> {
        match self.output {
            Some(Form::Chart) => {
                print::error(&"a chart is drawn of points alone: use `query`");
                Err(USAGE)
            }
            Some(form @ (Form::Table | Form::Json | Form::Yaml | Form::Csv)) => Ok(form),
            None => Ok(Form::Table),
        }
    }

    /// The form of what is one document.
    ///
    /// # Errors
    ///
    /// The exit code, for a chart and for CSV.
    pub(super) fn documented(self) -> Result<Form, u8> {
        match self.output {
            Some(Form::Csv) => {
                print::error(&"this is no list: use table, json or yaml");
                Err(USAGE)
            }
            _ => self.listed(),
        }
    }

    /// Standard output as it is.
    pub(super) fn screen(self) -> Screen {
        let is_terminal = io::stdout().is_terminal();
        Screen {
            is_coloured: self.color.is_seen(is_terminal, &ProcessEnvironment),
            is_terminal,
            width: is_terminal.then(width).flatten().unwrap_or(WIDTH),
        }
    }
}

impl Colour {
    fn is_seen(self, is_terminal: bool, environment: &dyn Environment) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                is_terminal
                    && environment.variable("NO_COLOR").is_none()
                    && environment.variable("TERM").is_none_or(|it| it != "dumb")
            }
        }
    }
}

/// Columns of the terminal at standard output.
fn width() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns >= 20)
}

impl Screen {
    /// Bold, for headings.
    pub(super) fn bold(self, text: &str) -> String {
        self.painted("1", text)
    }

    /// Green, for what is well.
    pub(super) fn good(self, text: &str) -> String {
        self.painted("32", text)
    }

    /// Red, for what failed.
    pub(super) fn bad(self, text: &str) -> String {
        self.painted("31", text)
    }

    /// Cyan, for what is drawn.
    pub(super) fn drawn(self, text: &str) -> String {
        self.painted("36", text)
    }

    fn painted(self, code: &str, text: &str) -> String {
        if self.is_coloured {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Text whose control characters can do nothing to a terminal.
pub(super) fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

/// Rows under a heading, each column as wide as its widest cell; no line is longer than the screen.
pub(super) fn table<const N: usize>(
    screen: Screen,
    heading: [&str; N],
    rows: &[[String; N]],
) -> String {
    let rows: Vec<[String; N]> = rows
        .iter()
        .map(|row| row.each_ref().map(|cell| harmless(cell)))
        .collect();
    let mut widths = heading.map(|name| name.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: [&str; N]| {
        let cells = cells.iter().zip(widths);
        let cells: Vec<String> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        cut(cells.join("  ").trim_end(), screen)
    };
    let mut text = format!("{}\n", screen.bold(&line(heading)));
    for row in &rows {
        text.push_str(&line(row.each_ref().map(String::as_str)));
        text.push('\n');
    }
    text
}

/// A line that fits a terminal; elsewhere nothing is lost.
pub(super) fn cut(line: &str, screen: Screen) -> String {
    if !screen.is_terminal || line.chars().count() <= screen.width {
        return line.to_owned();
    }
    let kept = line.chars().take(screen.width - 1);
    kept.chain(['…']).collect()
}

/// A line of CSV (RFC 4180, but with a plain line feed).
pub(super) fn csv<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let quoted = |cell: &str| {
        if cell.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell.to_owned()
        }
    };
    let cells: Vec<String> = cells.into_iter().map(quoted).collect();
    cells.join(",") + "\n"
}

/// A JSON document in the form that was asked for.
pub(super) fn document(text: &str, form: Form) -> String {
    match form {
        Form::Yaml => json::yaml(text),
        Form::Json | Form::Table | Form::Csv | Form::Chart => format!("{}\n", text.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn colours_are_for_terminals_that_want_them() {
        let none: HashMap<&str, &str> = HashMap::new();
        assert!(Colour::Auto.is_seen(true, &none));
        assert!(!Colour::Auto.is_seen(false, &none));
        assert!(!Colour::Auto.is_seen(true, &HashMap::from([("NO_COLOR", "1")])));
        assert!(!Colour::Auto.is_seen(true, &HashMap::from([("TERM", "dumb")])));
        assert!(Colour::Always.is_seen(false, &HashMap::from([("NO_COLOR", "1")])));
        assert!(!Colour::Never.is_seen(true, &none));
    }

    #[test]
    fn a_cell_of_csv_with_a_comma_stands_in_quotes() {
        assert_eq!(csv(["a", "b,c", "d\"e", ""]), "a,\"b,c\",\"d\"\"e\",\n");
    }

    #[test]
    fn a_line_is_cut_on_a_terminal_alone_and_no_escape_passes() {
        let mut screen = Screen {
            is_coloured: false,
            is_terminal: true,
            width: 8,
        };
        let rows = [["a\u{1b}[2J".to_owned(), "0123456789".to_owned()]];
        assert_eq!(
            table(screen, ["x", "y"], &rows),
            "x      y\na\u{fffd}[2J  …\n"
        );
        screen.is_terminal = false;
        assert_eq!(
            table(screen, ["x", "y"], &rows),
            "x      y\na\u{fffd}[2J  0123456789\n"
        );
    }
}
