//! Survivors stay where they are: a particle with offspring keeps its slot, and the k-th dead slot
//! takes the k-th surplus copy, both in index order (Murray, Lee, Jacob 2016,
//! doi 10.1080/10618600.2015.1062015). Reads and writes never meet, so blocks work independently
//! once the two counts of every block are summed, and only dead slots are written.

/// How many particles of a block have no offspring, and how many copies it has beyond the first.
pub fn dead_and_surplus(offspring: &[u32]) -> (u64, u64) {
    let (mut dead, mut surplus) = (0, 0);
    for &o in offspring {
        dead += u64::from(o == 0);
        surplus += u64::from(o.saturating_sub(1));
    }
    (dead, surplus)
}

/// The particle behind every surplus copy of a block, in order; `first` is the index of the block's
/// first particle.
pub fn surplus_parents(offspring: &[u32], first: usize) -> impl Iterator<Item = usize> {
    offspring
        .iter()
        .enumerate()
        .flat_map(move |(i, &o)| std::iter::repeat_n(first + i, o.saturating_sub(1) as usize))
}

/// The slots of a block that are to be filled, in order, counted from the block's first particle.
pub fn dead_slots(offspring: &[u32]) -> impl Iterator<Item = usize> {
    offspring.iter().enumerate().filter(|(_, o)| **o == 0).map(|(i, _)| i)
}
