//! placeholder
/// x
#[derive(Clone, Debug, PartialEq)]
pub struct Selector;
/// x
#[derive(Clone, Debug, PartialEq)]
pub struct Matcher;
/// x
#[derive(Clone, Debug, PartialEq)]
pub enum MatchOp {}
