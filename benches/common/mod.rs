//! What benches share: goals, a report line beside criterion's, and the machine's measured limits.
//!
//! A line gives the median and the least over samples, in nanoseconds and in reference cycles (ticks
//! of the time stamp counter at its nominal frequency; the core's own clock differs with load), then
//! the goal with its distance in dB (10 lg of the ratio of times: +3 is twice as fast as the goal).
//! On a shared machine the least is the steadier of the two.

#![allow(dead_code, clippy::disallowed_methods)]

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use driftlane::kernels::{F64, Lane, Pack, isa};
use std::cell::RefCell;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Refuses a build without fused multiply-add, whose times mean nothing; says what runs where.
pub fn require_fast_build() {
    if !isa::FAST {
        eprintln!("no fused multiply-add: build for the host (target-cpu=native) or x86-64-v3");
        std::process::exit(2);
    }
    let clock = match reference_ghz() {
        Some(ghz) => format!("reference clock {ghz:.3} GHz"),
        None => "no reference clock, nanoseconds only".to_owned(),
    };
    println!(
        "{}: {}, {clock}",
        isa::LEVEL,
        cpuinfo("model name").unwrap_or_default()
    );
}

/// Short runs: 10 samples in 2 s after half a second.
pub fn criterion() -> Criterion {
    Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args()
}

fn cpuinfo(key: &str) -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The frequency of the time stamp counter: half of bogomips, as Linux calibrates it.
pub fn reference_ghz() -> Option<f64> {
    let bogomips: f64 = cpuinfo("bogomips")?.parse().ok()?;
    (cfg!(target_arch = "x86_64") && bogomips > 0.0).then_some(bogomips / 2000.0)
}

/// Time of one element to reach, and where it is from.
#[derive(Clone, Copy)]
pub struct Goal {
    pub nanoseconds: f64,
    pub source: &'static str,
}

/// Seconds of one call of `work` over samples: the median and the least.
#[derive(Clone, Copy)]
pub struct Times {
    pub median: f64,
    pub least: f64,
}

impl Times {
    pub fn of(mut seconds: Vec<f64>) -> Self {
        seconds.sort_by(f64::total_cmp);
        Self {
            median: seconds[seconds.len() / 2],
            least: seconds[0],
        }
    }
}

/// Whether times are wanted: `cargo test` runs benches once, without `--bench`.
pub fn measuring() -> bool {
    let given: Vec<String> = std::env::args().collect();
    given.iter().any(|a| a == "--bench") && !given.iter().any(|a| a == "--test")
}

/// Runs `work` under criterion, `elements` a call, and prints the report line.
pub fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    elements: u64,
    goal: Option<Goal>,
    mut work: impl FnMut(),
) -> Times {
    let samples = RefCell::new(Vec::new());
    group.throughput(Throughput::Elements(elements));
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|calls| {
            let start = Instant::now();
            for _ in 0..calls {
                work();
            }
            let elapsed = start.elapsed();
            samples.borrow_mut().push((elapsed.as_secs_f64(), calls));
            elapsed
        });
    });
    let samples = samples.into_inner();
    if samples.is_empty() || !measuring() {
        // Left out by a filter on the command line, or run once as a test.
        return Times {
            median: f64::NAN,
            least: f64::NAN,
        };
    }
    // Warming up starts with one call: what is far shorter than the longest sample is not one.
    let longest = samples.iter().map(|s| s.0).fold(0.0, f64::max);
    let whole = samples.iter().filter(|s| s.0 > 0.05 * longest);
    let seconds = whole
        .map(|(seconds, calls)| seconds / *calls as f64)
        .collect();
    let times = Times::of(seconds);
    report(name, elements, goal, times);
    times
}

/// The report line.
pub fn report(name: &str, elements: u64, goal: Option<Goal>, times: Times) {
    let each = |seconds: f64| seconds * 1e9 / elements as f64;
    let (median, least) = (each(times.median), each(times.least));
    let cycles = match reference_ghz() {
        Some(ghz) => format!(
            ", {:.3} (least {:.3}) reference cycles",
            median * ghz,
            least * ghz
        ),
        None => String::new(),
    };
    let verdict = match goal {
        Some(goal) => format!(
            "; goal {:.3} ns ({}): {} {:+.1} dB",
            goal.nanoseconds,
            goal.source,
            if median <= goal.nanoseconds {
                "reached"
            } else {
                "MISSED"
            },
            10.0 * (goal.nanoseconds / median).log10()
        ),
        None => String::new(),
    };
    println!("  {name}: {median:.3} (least {least:.3}) ns{cycles} an element{verdict}");
}

/// Fused multiply-adds in `f64` of `threads` at once, in flops a second: 12 independent registers
/// each for about 20 ms, best of 10. Threads may share a core or its clock, so the peak of two is
/// measured and not taken as twice that of one.
pub fn fma_peak(threads: usize) -> f64 {
    const CHAINS: usize = 12;
    const ROUNDS: usize = 8_000_000;
    let (factor, term) = (F64::splat(black_box(0.999)), F64::splat(black_box(0.001)));
    let work = || {
        let mut sums = [F64::splat(black_box(1.0)); CHAINS];
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = Lane::mul_add(*sum, factor, term);
            }
        }
        assert!(black_box(sums).iter().all(|s| s.to_array()[0].is_finite()));
    };
    let pool = pool(threads);
    let mut best = f64::INFINITY;
    for _ in 0..10 {
        let start = Instant::now();
        pool.broadcast(|_| work());
        best = best.min(start.elapsed().as_secs_f64());
    }
    (2 * 8 * CHAINS * ROUNDS * threads) as f64 / best
}

/// Bytes read and written a second by `threads` that each copy 64 MiB, far beyond any L2: the peak a
/// pass over memory is measured against.
pub fn copy_bandwidth(threads: usize) -> f64 {
    let words = 8usize << 20;
    let from = vec![1.0f64; words * threads];
    let mut to = vec![0.0f64; words * threads];
    let pool = pool(threads);
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        pool.scope(|scope| {
            for (to, from) in to.chunks_mut(words).zip(from.chunks(words)) {
                scope.spawn(move |_| black_box(to).copy_from_slice(black_box(from)));
            }
        });
        best = best.min(start.elapsed().as_secs_f64());
    }
    16.0 * from.len() as f64 / best
}

/// A pool of `threads`, to run work in with `install`.
pub fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .expect("a pool")
}

/// Standard normals, the same in every run.
pub fn normals(n: usize, index: u64) -> Vec<f64> {
    use driftlane::kernels::rng::{Purpose, Stream};
    let mut stream = Stream::new(1, Purpose::Exact, index, 0);
    let mut values = Vec::with_capacity(n + 32);
    while values.len() < n {
        let row: Pack<F64, 4> = stream.normal_row();
        values.extend_from_slice(bytemuck::cast_slice(&row.0));
    }
    values.truncate(n);
    values
}

/// The posterior of the peers' scripts in kind: n = 1000 rows of 25 columns, the first all ones, the
/// others standard normal, coefficients of sd 1/2, priors N(0, 1).
pub fn logistic_posterior() -> driftlane::target::library::Logistic {
    use driftlane::target::library::logistic::Data;
    const ROWS: usize = 1000;
    const COLUMNS: usize = 25;
    let mut rows = normals(ROWS * COLUMNS, 1);
    for row in rows.chunks_exact_mut(COLUMNS) {
        row[0] = 1.0;
    }
    let coefficients = normals(COLUMNS, 2);
    let noise = normals(ROWS, 3);
    let response = rows
        .chunks_exact(COLUMNS)
        .zip(noise)
        .map(|(row, z)| {
            let product: f64 = row
                .iter()
                .zip(&coefficients)
                .map(|(x, w)| 0.5 * x * w)
                .sum();
            // The normal law with this scale is within 0.01 of the logistic.
            product + 1.702 * z > 0.0
        })
        .collect();
    let names = (0..COLUMNS).map(|j| format!("x{j}")).collect();
    let data = Data {
        names,
        rows,
        response,
        files: Vec::new(),
    };
    driftlane::target::library::Logistic::new(&data, vec![0.0; COLUMNS], vec![1.0; COLUMNS])
        .expect("valid data")
}
