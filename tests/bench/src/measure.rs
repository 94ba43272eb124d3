//! The measurement of one case: cold starts, warm invocations, and what an invocation asks of DynamoDB.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use function_tests::Shop;
use harness::Engine;
use serde_json::Value;

use crate::binary;
use crate::case::Case;
use crate::engine::EngineProcess;
use crate::process::FunctionProcess;
use crate::report::{Figure, Subject};
use crate::runtime_api::RuntimeApi;
use crate::statistics::{quantile, range};

/// How often a process is started.
const COLD_STARTS: usize = 31;
/// How many invocations a process serves before it counts as warm.
const WARM_UP: usize = 200;
/// In how many rounds warm invocations are measured; between rounds one sees the machine's noise.
const ROUNDS: usize = 5;
/// How many invocations a round has.
const ROUND: usize = 400;
/// Of how many invocations the requests to DynamoDB are counted.
const COUNTED: usize = 20;

/// Measures the function of `C`, with its files in `folder`; what it does goes to standard error.
///
/// # Errors
/// When the function does not build or start, fails, or answers wrongly; not when it is slow.
pub async fn measure<C: Case>(folder: &Path) -> Result<Subject> {
    let name = C::FUNCTION;
    let say = |what: &str| eprintln!("{name}: {what}");
    say("building the release binary; the first time takes minutes");
    let binary = binary::build(name)?;
    let sizes = [binary::size(&binary)?, binary::zipped_size(&binary, folder)?];

    let engine = EngineProcess::start()?;
    let shop = Shop::on(Engine::at(&engine.endpoint));
    C::prepare(&shop).await;
    let mut bench = Bench {
        name,
        binary,
        environment: C::ENVIRONMENT,
        endpoint: engine.endpoint.clone(),
        log: folder.join(format!("{name}.log")),
        requests: 0,
    };

    say(&format!("{COLD_STARTS} cold starts"));
    let mut cold = Cold::default();
    for _ in 0..COLD_STARTS {
        let (start, mut function) = bench.start().await?;
        cold.starts.push(milliseconds(start));
        cold.firsts.push(milliseconds(bench.invoke::<C>(&mut function).await?));
    }

    let (_, mut function) = bench.start().await?;
    for _ in 0..WARM_UP {
        bench.invoke::<C>(&mut function).await?;
    }
    let mut rounds = vec![];
    for number in 1..=ROUNDS {
        say(&format!("{ROUND} warm invocations, round {number} of {ROUNDS}"));
        rounds.push(bench.round::<C>(&mut function).await?);
    }
    let peak_memory = function.process.peak_memory()?;
    drop(function);

    say("counting requests to DynamoDB, in this process");
    let cost = bench.cost::<C>(&shop).await?;
    C::audit(&shop, bench.requests).await;
    say(&format!("{} requests, all answered rightly", bench.requests));

    Ok(Subject {
        name: name.to_owned(),
        figures: figures(&cold, &rounds, peak_memory, sizes, cost),
    })
}

/// A process and the Runtime API that it speaks to.
struct Function {
    process: FunctionProcess,
    api: RuntimeApi,
}

/// Milliseconds of cold starts: until the function asks for work, and its first invocation.
#[derive(Default)]
struct Cold {
    starts: Vec<f64>,
    firsts: Vec<f64>,
}

/// Milliseconds of a round: of each invocation, and of the processor for one.
struct Round {
    times: Vec<f64>,
    cpu: f64,
}

/// What one invocation asks of DynamoDB.
struct Cost {
    requests: f64,
    read_units: f64,
    write_units: f64,
}

struct Bench {
    name: &'static str,
    binary: PathBuf,
    environment: &'static [(&'static str, &'static str)],
    endpoint: String,
    log: PathBuf,
    /// How many requests the shop has had.
    requests: usize,
}

impl Bench {
    /// Starts the function; answers how long it took to ask for work.
    async fn start(&self) -> Result<(Duration, Function)> {
        let mut api = RuntimeApi::start().await?;
        let begun = Instant::now();
        let process = FunctionProcess::start(
            self.name,
            &self.binary,
            self.environment,
            api.address,
            &self.endpoint,
            self.log.clone(),
        )?;
        let started = api.started().await.with_context(|| process.output())?;
        Ok((started - begun, Function { process, api }))
    }

    /// One new request, which must be answered rightly.
    async fn invoke<C: Case>(&mut self, function: &mut Function) -> Result<Duration> {
        let call = C::call(self.requests);
        let event = call.event();
        self.requests += 1;
        let invoked = function.api.invoke(event).await;
        let (answer, time) = invoked.with_context(|| function.process.output())?;
        let status = answer["statusCode"].as_u64().and_then(|code| u16::try_from(code).ok());
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
        ensure!(
            status.is_some_and(|status| C::is_right(status, &body)),
            "{} answered wrongly: {answer}\nto {event}\n{}",
            self.name,
            function.process.output()
        );
        Ok(time)
    }

    async fn round<C: Case>(&mut self, function: &mut Function) -> Result<Round> {
        let mut times = vec![];
        let before = function.process.cpu_time()?;
        for _ in 0..ROUND {
            times.push(milliseconds(self.invoke::<C>(function).await?));
        }
        let used = function.process.cpu_time()? - before;
        let cpu = milliseconds(used) / count(ROUND);
        Ok(Round { times, cpu })
    }

    /// The function in this process, for only the SDK can be told to ask what a request consumed.
    async fn cost<C: Case>(&mut self, shop: &Shop) -> Result<Cost> {
        let faults = &shop.engine.faults;
        faults.measure();
        for _ in 0..COUNTED {
            let answer = C::handle(shop, C::call(self.requests)).await;
            self.requests += 1;
            ensure!(
                C::is_right(answer.status, &answer.body),
                "{} answered {answer:?}",
                self.name
            );
        }
        let cost = faults.cost();
        Ok(Cost {
            requests: f64::from(cost.requests.values().sum::<u32>()) / count(COUNTED),
            read_units: cost.read_units / count(COUNTED),
            write_units: cost.write_units / count(COUNTED),
        })
    }
}

fn figures(cold: &Cold, rounds: &[Round], peak_memory: u64, [binary, zip]: [u64; 2], cost: Cost) -> Vec<Figure> {
    let figure = |metric, meaning, unit, value| Figure {
        metric,
        meaning,
        unit,
        value,
        range: None,
    };
    let times: Vec<f64> = rounds.iter().flat_map(|round| round.times.iter().copied()).collect();
    let tail = |share| {
        let of_rounds: Vec<f64> = rounds.iter().map(|round| quantile(&round.times, share)).collect();
        (quantile(&times, share), Some(range(&of_rounds)))
    };
    let cpu: Vec<f64> = rounds.iter().map(|round| round.cpu).collect();
    let timed = |metric, meaning, (value, range)| Figure {
        metric,
        meaning,
        unit: "ms",
        value,
        range,
    };
    let median = |samples: &[f64]| {
        (
            quantile(samples, 0.5),
            Some((quantile(samples, 0.1), quantile(samples, 0.9))),
        )
    };
    vec![
        timed(
            "init_ms",
            "Start of the process to its first request for work, median",
            median(&cold.starts),
        ),
        timed("first_ms", "First invocation, median", median(&cold.firsts)),
        timed("warm_p50_ms", "Warm invocation, median", tail(0.5)),
        timed("warm_p99_ms", "Warm invocation, 99th percentile", tail(0.99)),
        timed(
            "cpu_ms",
            "Processor time an invocation, mean",
            (cpu.iter().sum::<f64>() / count(cpu.len()), Some(range(&cpu))),
        ),
        figure("peak_memory_mb", "Peak memory", "MB", megabytes(peak_memory)),
        figure("binary_mb", "Binary", "MB", megabytes(binary)),
        figure("zip_mb", "Binary, packed", "MB", megabytes(zip)),
        figure(
            "requests_per_order",
            "Requests to DynamoDB an order",
            "requests",
            cost.requests,
        ),
        figure(
            "read_units_per_order",
            "Read capacity an order",
            "units",
            cost.read_units,
        ),
        figure(
            "write_units_per_order",
            "Write capacity an order",
            "units",
            cost.write_units,
        ),
    ]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
fn count(count: usize) -> f64 {
    count as f64
}
