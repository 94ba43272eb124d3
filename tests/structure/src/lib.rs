//! Reads the repository for the structure tests: files, manifests, templates and READMEs.
//!
//! The tests check rules that the compiler and the linters cannot check, such as that templates and documents match the
//! code. Each test reports all problems at once, with the fix for each.

pub mod manifest;
pub mod readme;
pub mod repository;
pub mod template;

/// Asserts that there are no problems.
///
/// # Panics
/// When there is a problem. The message lists all of them.
pub fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "\n- {}\n", problems.join("\n- "));
}
