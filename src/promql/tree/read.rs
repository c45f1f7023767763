//! From the parser's tree to ours. The strings come from `scan`, never from the parser.

use std::time::{Duration, UNIX_EPOCH};

use promql_parser::label::{Labels as ParsedLabels, MatchOp as ParsedOp, Matcher as ParsedMatcher};
use promql_parser::parser::{
    AtModifier, BinModifier, Expr, LabelModifier, Offset, VectorMatchCardinality, VectorSelector,
};

use super::{At, Labels, Matching, Selector, Tree, When};
use crate::promql::METRIC_NAME;
use crate::promql::MatchOp;
use crate::promql::Matcher;
use crate::promql::number;
use crate::promql::scan;
use crate::promql::scan::Scanned;

/// Parses what was scanned; `None` if it is no `PromQL`. The depth must have been checked.
pub(in crate::promql) fn read(scanned: &Scanned) -> Option<Tree> {
    let parsed = promql_parser::parser::parse(&scanned.text).ok()?;
    Reader(&scanned.strings).tree(&parsed)
}

struct Reader<'a>(&'a [String]);

impl Reader<'_> {
    fn tree(&self, expr: &Expr) -> Option<Tree> {
        Some(match expr {
            Expr::NumberLiteral(number) => Tree::Number(number::text(number.val)),
            Expr::StringLiteral(text) => Tree::Text(self.text(&text.val)?),
            Expr::VectorSelector(selector) => Tree::Selector(self.selector(selector, None)?),
            Expr::MatrixSelector(selector) => {
                Tree::Selector(self.selector(&selector.vs, Some(selector.range))?)
            }
            Expr::Call(call) => Tree::Call(
                call.func.name.to_owned(),
                self.all(call.args.args.iter().map(AsRef::as_ref))?,
            ),
            Expr::Aggregate(aggregation) => Tree::Aggregation {
                operator: aggregation.op.to_string(),
                grouping: match &aggregation.modifier {
                    Some(modifier) => self.modifier(modifier, "by", "without")?,
                    None => None,
                },
                arguments: self.all(
                    (aggregation.param.as_deref().into_iter()).chain([aggregation.expr.as_ref()]),
                )?,
            },
            Expr::Binary(binary) => Tree::Binary {
                operator: binary.op.to_string(),
                matching: match &binary.modifier {
                    Some(modifier) => self.matching(modifier)?,
                    None => Matching::default(),
                },
                operands: Box::new((self.tree(&binary.lhs)?, self.tree(&binary.rhs)?)),
            },
            Expr::Unary(negation) => Tree::Negation(Box::new(self.tree(&negation.expr)?)),
            Expr::Paren(parentheses) => Tree::Parentheses(Box::new(self.tree(&parentheses.expr)?)),
            Expr::Subquery(subquery) => Tree::Subquery {
                inner: Box::new(self.tree(&subquery.expr)?),
                range: subquery.range,
                step: subquery.step,
                when: when(subquery.at.as_ref(), subquery.offset.as_ref())?,
            },
            // The parser makes none.
            Expr::Extension(_) => return None,
        })
    }

    fn all<'e>(&self, exprs: impl Iterator<Item = &'e Expr>) -> Option<Vec<Tree>> {
        exprs.map(|expr| self.tree(expr)).collect()
    }

    fn text(&self, text: &str) -> Option<String> {
        scan::stands_for(text, self.0).map(str::to_owned)
    }

    fn selector(&self, parsed: &VectorSelector, range: Option<Duration>) -> Option<Selector> {
        let name = parsed
            .name
            .as_deref()
            .map(|name| Matcher::equal(METRIC_NAME, name));
        let alternative = |matchers: &[ParsedMatcher]| {
            let rest = matchers.iter().map(|matcher| self.matcher(matcher));
            (name.clone().map(Some).into_iter())
                .chain(rest)
                .collect::<Option<Vec<Matcher>>>()
        };
        let alternatives = if parsed.matchers.or_matchers.is_empty() {
            vec![alternative(&parsed.matchers.matchers)?]
        } else {
            let several = parsed.matchers.or_matchers.iter();
            several
                .map(|matchers| alternative(matchers))
                .collect::<Option<_>>()?
        };
        Some(Selector {
            alternatives,
            range,
            when: when(parsed.at.as_ref(), parsed.offset.as_ref())?,
        })
    }

    fn matcher(&self, parsed: &ParsedMatcher) -> Option<Matcher> {
        let op = match parsed.op {
            ParsedOp::Equal => MatchOp::Equal,
            ParsedOp::NotEqual => MatchOp::NotEqual,
            ParsedOp::Re(_) => MatchOp::Matches,
            ParsedOp::NotRe(_) => MatchOp::NotMatches,
        };
        Some(Matcher::new(
            self.text(&parsed.name)?,
            op,
            self.text(&parsed.value)?,
        ))
    }

    fn matching(&self, parsed: &BinModifier) -> Option<Matching> {
        let group = match &parsed.card {
            VectorMatchCardinality::OneToOne | VectorMatchCardinality::ManyToMany => None,
            VectorMatchCardinality::ManyToOne(names) => Some(self.labels("group_left", names)?),
            VectorMatchCardinality::OneToMany(names) => Some(self.labels("group_right", names)?),
        };
        let on = match &parsed.matching {
            // `on ()` matches everything with everything; only `ignoring ()` says nothing.
            Some(LabelModifier::Include(names)) => Some(self.labels("on", names)?),
            Some(LabelModifier::Exclude(names)) if !names.is_empty() => {
                Some(self.labels("ignoring", names)?)
            }
            Some(LabelModifier::Exclude(_)) | None => None,
        };
        Some(Matching {
            returns_bool: parsed.return_bool,
            on,
            group,
            fill: (
                parsed.fill_values.lhs.map(number::text),
                parsed.fill_values.rhs.map(number::text),
            ),
        })
    }

    /// `by` or `without`; an empty `by ()` says nothing.
    fn modifier(
        &self,
        parsed: &LabelModifier,
        include: &'static str,
        exclude: &'static str,
    ) -> Option<Option<Labels>> {
        Some(match parsed {
            LabelModifier::Include(names) if names.is_empty() => None,
            LabelModifier::Include(names) => Some(self.labels(include, names)?),
            LabelModifier::Exclude(names) => Some(self.labels(exclude, names)?),
        })
    }

    fn labels(&self, keyword: &'static str, parsed: &ParsedLabels) -> Option<Labels> {
        let names = parsed.labels.iter().map(|name| self.text(name));
        Some(Labels {
            keyword,
            names: names.collect::<Option<_>>()?,
        })
    }
}

fn when(at: Option<&AtModifier>, offset: Option<&Offset>) -> Option<When> {
    let at = match at {
        None => None,
        Some(AtModifier::Start) => Some(At::Start),
        Some(AtModifier::End) => Some(At::End),
        Some(AtModifier::At(instant)) => {
            let after = instant.duration_since(UNIX_EPOCH);
            Some(At::Millis(match after {
                Ok(after) => millis(after)?,
                Err(before) => -millis(before.duration())?,
            }))
        }
    };
    let offset = offset.map(|offset| match offset {
        Offset::Pos(length) => (false, *length),
        Offset::Neg(length) => (true, *length),
    });
    Some(When { at, offset })
}

/// `None` where no float of seconds can tell milliseconds apart.
fn millis(length: Duration) -> Option<i64> {
    let millis = i64::try_from(length.as_millis()).ok()?;
    (millis < 1 << 50).then_some(millis)
}
