//! Why an answer is as it is (experience.md, "The engine").

pub mod diagnose;
