//! Going on with a trace from a checkpoint.

use super::variable::Variable;
use super::{Trace, TracePlan, current};
use crate::disk::Durability;
use crate::error::{Error, Result};
use std::fs;
use std::path::Path;

impl Trace {
    /// Goes on with a store from what [`Trace::checksums`] and [`Trace::pending`] gave when it was checkpointed. The
    /// number of draws in `plan` may have changed since; nothing else may.
    ///
    /// Refused ([`Error::RunFolder`]): chunk files that are missing or hold other bytes, a checkpoint that does not
    /// suit the plan. What was written after the checkpoint is written again.
    pub fn reopen(
        folder: &Path,
        plan: TracePlan,
        checksums: &[u32],
        pending: &[u8],
    ) -> Result<Self> {
        Self::reopen_longer(folder, plan, None, checksums, pending)
    }

    /// [`reopen`](Trace::reopen); of a finished run that is being lengthened, `first` draws can be read as they were
    /// until [`Trace::finish`].
    pub fn reopen_longer(
        folder: &Path,
        plan: TracePlan,
        first: Option<usize>,
        checksums: &[u32],
        pending: &[u8],
    ) -> Result<Self> {
        let mut trace = Self::planned(folder, plan)?;
        trace.first = first;
        let refuse = |what: String| Error::RunFolder {
            path: folder.to_owned(),
            what,
        };
        let count = trace.variables.len();
        let draw: usize = trace.variables.iter().map(Variable::draw_bytes).sum();
        let shape = trace.plan.shape;
        let buffered = pending.len() / draw.max(1);
        let whole =
            checksums.len().is_multiple_of(count) && pending.len().is_multiple_of(draw.max(1));
        let drawn = (checksums.len() / count).checked_mul(shape.chunk_draws);
        let drawn = drawn.and_then(|n| n.checked_add(buffered));
        if !whole || buffered >= shape.chunk_draws || drawn.is_none_or(|n| n > shape.draws) {
            return Err(refuse("the checkpoint is of another trace".into()));
        }
        for (k, known) in checksums.iter().enumerate() {
            let variable = &trace.variables[k % count];
            let index = variable.index(k / count);
            let path = trace.store.chunk_path(&variable.path, &index);
            let path = current(path, Path::new(""));
            let name = path.strip_prefix(folder).unwrap_or(&path).display();
            let length = (variable.draw_bytes() * shape.chunk_draws) as u64;
            // Before it is read: another program may have left anything there.
            match fs::symlink_metadata(&path) {
                Ok(found) if found.is_file() && found.len() == length => {}
                Ok(_) => {
                    return Err(refuse(format!(
                        "chunk {name} is not a file of {length} bytes"
                    )));
                }
                Err(e) => return Err(refuse(format!("chunk {name} cannot be read: {e}"))),
            }
            let bytes =
                fs::read(&path).map_err(|e| refuse(format!("chunk {name} cannot be read: {e}")))?;
            if crc32fast::hash(&bytes) != *known {
                let what = format!("chunk {name} differs from what was written (CRC-32)");
                return Err(refuse(what));
            }
        }
        trace.checksums = checksums.to_vec();
        let mut rest = pending;
        for variable in &mut trace.variables {
            let (own, others) = rest.split_at(variable.draw_bytes() * buffered);
            variable.buffer.extend_from_slice(own);
            rest = others;
        }
        trace.buffered = buffered;
        trace.describe(Durability::Lazy)?;
        Ok(trace)
    }
}
