//! Survivors stay where they are: a particle with offspring keeps its slot, dead slots take surplus
//! copies, both in index order (Murray, Lee, Jacob 2016, doi 10.1080/10618600.2015.1062015). Reads and
//! writes never meet, and only dead slots are written.
//!
//! Slots are matched chunk by chunk first: a chunk's first dead slots take the chunk's own surplus
//! copies while both are in cache, so a population is read and written once; only what is left over
//! (of the order of the square root of a chunk) travels between chunks. The lists are made without a
//! branch on the counts: a third of all slots dead would mispredict every third time.

/// The dead slots of a chunk and the particles behind its surplus copies, in order, as positions in
/// the chunk (at most 65536 particles).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matching {
    dead: Vec<u16>,
    parents: Vec<u16>,
}

impl Matching {
    /// Lists a chunk anew.
    pub fn list(&mut self, offspring: &[u32]) {
        assert!(
            offspring.len() <= 1 << 16,
            "positions in a chunk are 16 bits"
        );
        self.dead.resize(offspring.len() + 1, 0);
        let mut dead = 0;
        for (i, &o) in offspring.iter().enumerate() {
            self.dead[dead] = i as u16;
            dead += usize::from(o == 0);
        }
        self.dead.truncate(dead);

        let surplus: u64 = offspring
            .iter()
            .map(|&o| u64::from(o.saturating_sub(1)))
            .sum();
        // Two slots more, for the writes below that are not kept.
        self.parents.resize(surplus as usize + 2, 0);
        let mut copies = 0;
        for (i, &o) in offspring.iter().enumerate() {
            let extra = o.saturating_sub(1) as usize;
            self.parents[copies] = i as u16;
            self.parents[copies + 1] = i as u16;
            if extra > 2 {
                self.parents[copies..copies + extra].fill(i as u16);
            }
            copies += extra;
        }
        self.parents.truncate(surplus as usize);
    }

    /// How many slots are filled within the chunk.
    pub fn within(&self) -> usize {
        self.dead.len().min(self.parents.len())
    }
    /// Pairs of a dead slot and the particle copied into it, within the chunk.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        self.dead
            .iter()
            .zip(&self.parents)
            .map(|(&d, &p)| (d as usize, p as usize))
    }
    /// Dead slots the chunk cannot fill itself.
    pub fn open_slots(&self) -> &[u16] {
        &self.dead[self.within()..]
    }
    /// Particles behind surplus copies the chunk has no slot for.
    pub fn open_parents(&self) -> &[u16] {
        &self.parents[self.within()..]
    }
}
