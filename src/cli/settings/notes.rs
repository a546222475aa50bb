//! What deserves a line before the run.

use super::{DiffuseMethod, Method, Settings};
use crate::record::manifest;

impl Settings {
    /// What deserves a line before the run: more threads than cores, noise levels that a shift leaves out.
    pub fn notes(&self) -> Vec<String> {
        let (threads, cores) = (self.population.threads, manifest::cores());
        let over = threads > cores;
        let threads = over.then(|| {
            format!("--threads {threads} is more than the {cores} cores this process may use")
        });
        threads.into_iter().chain(self.shifted_away()).collect()
    }

    /// That a flow shift leaves out noise levels: of several runs, the one that loses the most.
    fn shifted_away(&self) -> Option<String> {
        let of = |method: &DiffuseMethod, name: String| {
            let lost = method.steps_after_shift().ok().flatten();
            lost.map(|(left, all)| (all - left, left, all, name))
        };
        let (.., left, all, name) = match &self.method {
            Method::Diffuse(method) => of(method, method.solver.clone()),
            Method::Compare(method) => method
                .entrants
                .iter()
                .flat_map(|entrant| method.calls.iter().map(move |calls| (entrant, *calls)))
                .filter_map(|(entrant, calls)| of(&entrant.at(calls), entrant.name.clone()))
                .max_by_key(|lost| lost.0),
            _ => None,
        }?;
        Some(format!(
            "--shift leaves {left} of {all} steps of {name}: noise levels beyond the schedule's ends are left out"
        ))
    }
}
