//! The series of goldens.csv, bit for bit as goldens.py builds them.

/// The first 53 bits of a 64-bit linear congruential generator (Knuth's MMIX multiplier).
pub struct Lcg(pub u64);

impl Lcg {
    /// Uniform on [0, 1).
    pub fn uniform(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A row of goldens.csv.
pub struct Golden {
    pub name: String,
    pub chains: usize,
    pub draws: usize,
    pub superchains: usize,
    pub series: Vec<f64>,
    /// Of arviz-stats, by column.
    pub figures: Vec<(String, f64)>,
}

pub fn goldens() -> Vec<Golden> {
    let text = include_str!("goldens.csv");
    let mut lines = text.lines();
    let columns: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let whole = |k: usize| cells[k].parse::<usize>().unwrap();
            let (chains, draws, seed) = (whole(3), whole(4), whole(6) as u64);
            let parameter = cells[2].parse().unwrap();
            let figures = columns[7..].iter().zip(&cells[7..]);
            Golden {
                name: cells[0].to_owned(),
                chains,
                draws,
                superchains: whole(5),
                series: series(cells[0], cells[1], parameter, chains, draws, seed),
                figures: figures
                    .map(|(c, v)| ((*c).to_owned(), v.parse().unwrap()))
                    .collect(),
            }
        })
        .collect()
}

fn series(
    name: &str,
    kind: &str,
    parameter: f64,
    chains: usize,
    draws: usize,
    seed: u64,
) -> Vec<f64> {
    let mut lcg = Lcg(seed);
    let mut series = Vec::new();
    for chain in 0..chains {
        let mut y = 0.0;
        for draw in 0..draws {
            let u = lcg.uniform();
            y = match kind {
                "ar" => parameter * y + u - 0.5,
                "heavy" => (u - 0.5) / lcg.uniform(),
                "ties" => (parameter * u).floor(),
                "binary" => f64::from(u < parameter),
                "shifted" => u + if chain == 0 { parameter } else { 0.0 },
                "drifting" => u + parameter * draw as f64,
                "stuck" if chain == 0 => 0.25,
                "stuck" => u,
                "far" => parameter + u,
                "constant" => parameter,
                _ => panic!("{kind}"),
            };
            series.push(y);
        }
    }
    match name {
        "one_nan" => series[2 * draws + 50] = f64::NAN,
        "one_infinite" => series[2 * draws + 50] = f64::INFINITY,
        _ => {}
    }
    series
}
