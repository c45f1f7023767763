//! placeholder
/// placeholder
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BaseUrl;
