//! The conditions of a query: a conjunction of `key = value`.

/// One condition of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// A label name, or one of the virtual fields `__counter__`, `__gauge__`, `__histogram__`,
    /// `__summary__`, `~`.
    pub key: String,
    /// What the field must equal.
    pub value: ConditionValue,
}

/// The value of a condition, by its `_type`.
#[derive(Clone, Debug, PartialEq)]
pub enum ConditionValue {
    /// `StringValue`, also where `_type` is missing.
    Text(String),
    /// `DoubleValue`.
    Number(Number),
    /// `BooleanValue`.
    Boolean(bool),
    /// `InSetValue`: any of its members.
    Set(Vec<Scalar>),
    /// Any other `_type`, by its name; what it holds is not looked at.
    Unsupported(String),
}

/// A member of an `InSetValue`.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// A string.
    Text(String),
    /// A number.
    Number(Number),
    /// A boolean.
    Boolean(bool),
}

/// A finite JSON number. Whether it was written as an integer is kept, because the legacy profile
/// prints `2` and `2.0` differently.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Written without fraction and exponent; below 2^53 in size.
    Integer(i64),
    /// Any other finite number.
    Float(f64),
}
