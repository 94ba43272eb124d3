//! Measures one case, alternating with its peer: cold starts, warm invocations, and requests to DynamoDB.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use function_tests::Shop;
use harness::Engine;
use serde_json::Value;

use crate::case::Case;
use crate::engine::EngineProcess;
use crate::meter::{Count, Meter};
use crate::process::{FunctionProcess, Program};
use crate::report::{Figure, Subject};
use crate::runtime_api::RuntimeApi;
use crate::statistics::{quantile, range};
use crate::{binary, peer};

/// Number of cold starts.
const COLD_STARTS: usize = 31;
/// Invocations before a process counts as warm.
const WARM_UP: usize = 200;
/// Rounds of warm invocations; their differences show the machine's noise.
const ROUNDS: usize = 5;
/// Invocations per round.
const ROUND: usize = 400;
/// Invocations whose requests to DynamoDB are counted.
const COUNTED: usize = 20;

/// An implementation of a function.
struct Contender {
    name: String,
    program: Program,
    /// Bytes of the deployed code, and of its archive.
    sizes: [u64; 2],
    cold: Cold,
    rounds: Vec<Round>,
    peak_memory: u64,
    cost: Count,
}

/// Measures the function of `C` and its peer, with their files in `folder`. Progress goes to standard error. Our result
/// is the first.
///
/// # Errors
/// If a function does not build or start, fails, or responds wrongly; not if it is slow.
pub async fn measure<C: Case>(folder: &Path) -> Result<Vec<Subject>> {
    let say = |what: &str| eprintln!("{}: {what}", C::FUNCTION);
    let mut contenders = contenders::<C>(folder)?;
    let engine = EngineProcess::start()?;
    let shop = Shop::on(Engine::at(&engine.endpoint));
    C::prepare(&shop).await?;
    let mut bench = Bench {
        environment: C::ENVIRONMENT,
        endpoint: engine.endpoint.clone(),
        folder: folder.to_owned(),
        requests: 0,
    };

    say(&format!("{COLD_STARTS} cold starts"));
    for _ in 0..COLD_STARTS {
        for contender in &mut contenders {
            let (start, mut function) = bench.start(contender).await?;
            contender.cold.starts.push(milliseconds(start));
            let first = bench.invoke::<C>(&mut function).await?;
            contender.cold.firsts.push(milliseconds(first));
        }
    }

    let mut functions = vec![];
    for contender in &contenders {
        let (_, mut function) = bench.start(contender).await?;
        for _ in 0..WARM_UP {
            bench.invoke::<C>(&mut function).await?;
        }
        functions.push(function);
    }
    for number in 1..=ROUNDS {
        say(&format!("{ROUND} warm invocations, round {number} of {ROUNDS}"));
        for (contender, function) in contenders.iter_mut().zip(&mut functions) {
            contender.rounds.push(bench.round::<C>(function).await?);
        }
    }
    for (contender, function) in contenders.iter_mut().zip(&functions) {
        contender.peak_memory = function.process.peak_memory()?;
    }
    drop(functions);
    C::audit(&shop, bench.requests).await;
    say(&format!("{} requests, all with correct responses", bench.requests));

    for contender in &mut contenders {
        contender.cost = bench.cost::<C>(contender).await?;
    }
    Ok(contenders.iter().map(subject).collect())
}

/// Returns our function, and its peer if there is one.
fn contenders<C: Case>(folder: &Path) -> Result<Vec<Contender>> {
    let name = C::FUNCTION;
    eprintln!("{name}: building the release binary; the first time takes minutes");
    let binary = binary::build(name)?;
    let contender = |name: String, program, deployed: &Path| -> Result<Contender> {
        Ok(Contender {
            sizes: [binary::size(deployed)?, binary::zipped_size(deployed, folder)?],
            name,
            program,
            cold: Cold::default(),
            rounds: vec![],
            peak_memory: 0,
            cost: Count::default(),
        })
    };
    let program = Program {
        binary: binary.clone(),
        arguments: vec![],
    };
    let mut contenders = vec![contender(name.to_owned(), program, &binary)?];
    if C::HAS_PEER {
        eprintln!("{name}: installing and bundling the TypeScript peer");
        let peer = peer::bundle(name, folder)?;
        contenders.push(contender(format!("{name}-typescript"), peer.program, &peer.bundle)?);
    }
    for (label, binary) in binary::other_builds()? {
        let program = Program {
            binary: binary.clone(),
            arguments: vec![],
        };
        contenders.push(contender(format!("{name}-{label}"), program, &binary)?);
    }
    Ok(contenders)
}

/// A process and its Runtime API.
struct Function {
    process: FunctionProcess,
    api: RuntimeApi,
}

/// Milliseconds of cold starts: until the first request for work, and of the first invocation.
#[derive(Default)]
struct Cold {
    starts: Vec<f64>,
    firsts: Vec<f64>,
}

/// Milliseconds of a round: duration of each invocation, and CPU time per invocation.
struct Round {
    times: Vec<f64>,
    cpu: f64,
}

struct Bench {
    environment: &'static [(&'static str, &'static str)],
    endpoint: String,
    folder: PathBuf,
    /// Number of requests to the shop.
    requests: usize,
}

impl Bench {
    /// Starts the function and returns the time until its first request for work.
    async fn start(&self, contender: &Contender) -> Result<(Duration, Function)> {
        let mut api = RuntimeApi::start().await?;
        let begun = Instant::now();
        let process = FunctionProcess::start(
            &contender.name,
            &contender.program,
            self.environment,
            api.address,
            &self.endpoint,
            self.folder.join(format!("{}.log", contender.name)),
        )?;
        let started = api.started().await.with_context(|| process.output())?;
        Ok((started - begun, Function { process, api }))
    }

    /// Sends one new request and checks the response.
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
            C::FUNCTION,
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

    /// Measures an invocation's requests to DynamoDB with an engine that counts them.
    async fn cost<C: Case>(&mut self, contender: &Contender) -> Result<Count> {
        let meter = Meter::start().await?;
        let shop = Shop::on(meter.engine.clone());
        C::prepare(&shop).await?;
        let endpoint = std::mem::replace(&mut self.endpoint, meter.endpoint.clone());
        let (_, mut function) = self.start(contender).await?;
        self.endpoint = endpoint;
        meter.take();
        for _ in 0..COUNTED {
            self.invoke::<C>(&mut function).await?;
        }
        let count = meter.take();
        C::audit(&shop, COUNTED).await;
        Ok(count)
    }
}

fn subject(contender: &Contender) -> Subject {
    let Contender { cold, rounds, cost, .. } = contender;
    let [deployed, zip] = contender.sizes;
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
    let figures = vec![
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
        figure("peak_memory_mb", "Peak memory", "MB", megabytes(contender.peak_memory)),
        figure("deployed_mb", "What is deployed", "MB", megabytes(deployed)),
        figure("zip_mb", "What is deployed, packed", "MB", megabytes(zip)),
        figure(
            "requests_per_order",
            "Requests to DynamoDB an order",
            "requests",
            f64::from(cost.requests) / count(COUNTED),
        ),
        figure(
            "read_units_per_order",
            "Read capacity an order, indexes included",
            "units",
            cost.read_units / count(COUNTED),
        ),
        figure(
            "write_units_per_order",
            "Write capacity an order, indexes included",
            "units",
            cost.write_units / count(COUNTED),
        ),
    ];
    Subject {
        name: contender.name.clone(),
        figures,
    }
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
