//! Notes panics. A function's entry answers a panic like an error, as on Lambda; here each is a violation.

use std::cell::RefCell;
use std::panic;
use std::sync::Once;

thread_local! {
    static NOTED: RefCell<Vec<String>> = const { RefCell::new(vec![]) };
}

/// Notes the panics of this process from now on, and prints them as before.
pub fn watch() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            NOTED.with_borrow_mut(|noted| noted.push(panic.to_string()));
            print(panic);
        }));
    });
}

/// Returns this thread's panics since the last call.
pub fn take() -> Vec<String> {
    NOTED.take()
}
