//! Where a result came from: the build, the machine, the seed.

use serde::{Deserialize, Serialize};

/// What `manifest.json` holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The program.
    #[serde(flatten)]
    pub build: Build,
    /// Where it ran.
    pub machine: Machine,
    /// The seed of the run.
    pub seed: u64,
    /// The command line, as typed in a shell.
    pub command: String,
}

/// This program, as it was compiled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Build {
    /// Version.
    pub version: String,
    /// Git commit, `+dirty` when sources differed from it, or `unknown`.
    pub commit: String,
    /// `avx512`, `avx2` or `portable`.
    pub isa: String,
    /// `rustc --version`.
    pub compiler: String,
    /// Target triple.
    pub target: String,
    /// Target features.
    pub features: Vec<String>,
    /// `release` or `debug`.
    pub profile: String,
}

/// The machine a run was made on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name, or `unknown`.
    pub cpu: String,
    /// Cores this process may use.
    pub cores: usize,
    /// Memory this process may use, in bytes, if known.
    pub memory: Option<u64>,
}

impl Manifest {
    /// The manifest of a run of this program on this machine.
    pub fn new(seed: u64, command: impl Into<String>) -> Self {
        Self {
            build: Build::this(),
            machine: Machine::this(),
            seed,
            command: command.into(),
        }
    }

    /// The text of `manifest.json`.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

impl Build {
    /// This program.
    pub fn this() -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            commit: env!("DRIFTLANE_COMMIT").into(),
            isa: env!("DRIFTLANE_ISA").into(),
            compiler: env!("DRIFTLANE_RUSTC").into(),
            target: env!("DRIFTLANE_TARGET").into(),
            features: env!("DRIFTLANE_FEATURES")
                .split(',')
                .map(str::to_owned)
                .collect(),
            profile: env!("DRIFTLANE_PROFILE").into(),
        }
    }
}

impl Machine {
    /// This machine. What the system does not tell is `unknown` or `None`.
    pub fn this() -> Self {
        let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let name = cpuinfo.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            (key.trim() == "model name").then(|| value.trim().to_owned())
        });
        Self {
            cpu: name.unwrap_or_else(|| "unknown".into()),
            cores: cores(),
            memory: available_memory(),
        }
    }
}

/// The cores this process may use: its affinity and its control group's quota are respected.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The bytes this process may still allocate: the system's available memory, or what is left of the control group's
/// limit, or of the process's own (`ulimit -v`, `ulimit -d`), if that is less. `None` where the system does not tell.
pub fn available_memory() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let number = |path: &str| read(path)?.trim().parse::<u64>().ok();
    let system = read("/proc/meminfo").and_then(|text| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("MemAvailable:"))?;
        line.trim()
            .strip_suffix("kB")?
            .trim()
            .parse::<u64>()
            .ok()?
            .checked_mul(1024)
    });
    let left =
        |limit: &str, used: &str| Some(number(limit)?.saturating_sub(number(used).unwrap_or(0)));
    let group = own_groups()
        .into_iter()
        .filter_map(|folder| {
            left(
                &format!("{folder}/memory.max"),
                &format!("{folder}/memory.current"),
            )
        })
        .chain(left(
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        ))
        .min();
    [system, group]
        .into_iter()
        .flatten()
        .chain(own_limits())
        .min()
}

/// What is left of the limits that the process itself has, of addresses and of data.
fn own_limits() -> Vec<u64> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let (limits, status) = (read("/proc/self/limits"), read("/proc/self/status"));
    let left = |limit: &str, used: &str| {
        let soft = limits.lines().find_map(|line| line.strip_prefix(limit))?;
        // "unlimited" is no number.
        let soft: u64 = soft.split_whitespace().next()?.parse().ok()?;
        let used = status.lines().find_map(|line| line.strip_prefix(used))?;
        let kib: u64 = used.split_whitespace().next()?.parse().ok()?;
        Some(soft.saturating_sub(kib.saturating_mul(1024)))
    };
    let pairs = [
        ("Max address space", "VmSize:"),
        ("Max data size", "VmData:"),
    ];
    pairs
        .iter()
        .filter_map(|(limit, used)| left(limit, used))
        .collect()
}

/// The folders of this process's control group (version 2) and of those above it.
fn own_groups() -> Vec<String> {
    let text = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let own = text
        .lines()
        .find_map(|line| line.strip_prefix("0::"))
        .unwrap_or("/");
    let mut path = format!("/sys/fs/cgroup{}", own.trim_end_matches('/'));
    let mut folders = Vec::new();
    while path.starts_with("/sys/fs/cgroup") {
        folders.push(path.clone());
        let Some(cut) = path.rfind('/') else { break };
        path.truncate(cut);
    }
    folders
}
