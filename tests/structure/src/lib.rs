//! Reads the repository for the structure tests: its files, manifests, template and README.
//!
//! The tests hold what neither the compiler nor the linters can: that the parts of the repository which
//! speak of each other still agree. Each collects everything that is wrong and says what to do about it.

pub mod manifest;
pub mod readme;
pub mod repository;
pub mod template;

/// Fails the test with all problems at once, or passes when there are none.
///
/// # Panics
/// When there is a problem.
pub fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "\n- {}\n", problems.join("\n- "));
}
