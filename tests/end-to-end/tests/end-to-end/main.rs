//! The end-to-end tests: one stack, deployed once, with all tests against it in parallel.
//!
//! `cargo test -p end-to-end` starts a local cloud for them. With `MADANG_STACK=<name>` they run against a stack on
//! AWS, deployed with `ReservationMinutes=1`, `HoldMinutes=1` and `BillingSchedule="rate(1 minute)"`; its payments need
//! `MADANG_SANDBOX_URL`.

mod access;
mod auctions;
mod billing;
mod catalog;
mod client;
mod coupons;
mod fulfillment;
mod images;
mod imports;
mod late;
mod orders;
mod payments;
mod requests;
mod stock;
mod tickets;
mod waiting_rooms;
mod webhooks;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use end_to_end::Shop;
use libtest_mimic::{Arguments, Failed, Trial};
use local_cloud::{LocalCloud, Options, Stack};

/// A test's name and function.
type Test = (&'static str, fn(&Shop) -> Result<()>);

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    let tests: Vec<Test> = [
        // The slowest first: they wait for schedules while the others run.
        late::TESTS,
        tickets::TESTS,
        billing::TESTS,
        auctions::TESTS,
        client::TESTS,
        coupons::TESTS,
        waiting_rooms::TESTS,
        orders::TESTS,
        payments::TESTS,
        webhooks::TESTS,
        fulfillment::TESTS,
        images::TESTS,
        imports::TESTS,
        catalog::TESTS,
        access::TESTS,
        requests::TESTS,
        stock::TESTS,
    ]
    .concat();
    if arguments.list {
        let names = tests.into_iter().map(|(name, _)| Trial::test(name, || Ok(())));
        return libtest_mimic::run(&arguments, names.collect()).exit_code();
    }
    // More threads than cores, since the tests mostly wait.
    arguments.test_threads = arguments.test_threads.or(Some(16));
    match run(&arguments, tests) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:?}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments, tests: Vec<Test>) -> Result<ExitCode> {
    if let Ok(name) = std::env::var("MADANG_STACK") {
        return against(&Stack::from_deployed(&name)?, arguments, tests);
    }
    let mut cloud = LocalCloud::start(&Options {
        // Long enough to see a pending order, and short enough to see it expire.
        parameters: vec![
            ("ReservationMinutes", "1"),
            ("HoldMinutes", "1"),
            ("BillingSchedule", "rate(1 minute)"),
        ],
        ..Options::test("end-to-end")
    })?;
    let code = against(cloud.stack(), arguments, tests)?;
    // Keep the functions' logs, also of successful runs.
    cloud.gather_logs()?;
    if code != ExitCode::SUCCESS {
        eprintln!("{}", cloud.log_tail());
    }
    Ok(code)
}

fn against(stack: &Stack, arguments: &Arguments, tests: Vec<Test>) -> Result<ExitCode> {
    let shop = Arc::new(Shop::open(stack)?);
    let trials = tests.into_iter().map(|(name, test)| {
        let shop = Arc::clone(&shop);
        Trial::test(name, move || {
            test(&shop).map_err(|error| Failed::from(format!("{error:?}")))
        })
    });
    Ok(libtest_mimic::run(arguments, trials.collect()).exit_code())
}
