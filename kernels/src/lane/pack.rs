//! Several registers side by side: four hide the latency of a fused multiply-add (4 cycles, two
//! ports) behind each other and share every broadcast.

use super::{Lane, Mask};
use bytemuck::{Pod, Zeroable};
use std::array::from_fn;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// `N` lanes treated as one; a row of a tile is a `Pack<L, 4>`.
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
#[repr(transparent)]
pub struct Pack<L, const N: usize>(pub [L; N]);

/// `N` masks treated as one.
#[derive(Clone, Copy, Debug)]
pub struct PackMask<M, const N: usize>(pub [M; N]);

impl<M: Mask, const N: usize> Mask for PackMask<M, N> {
    #[inline(always)]
    fn splat(value: bool) -> Self {
        Self([M::splat(value); N])
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(from_fn(|k| self.0[k].and(other.0[k])))
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(from_fn(|k| self.0[k].or(other.0[k])))
    }
    #[inline(always)]
    fn not(self) -> Self {
        Self(self.0.map(M::not))
    }
    #[inline(always)]
    fn any(self) -> bool {
        self.0.into_iter().any(M::any)
    }
    #[inline(always)]
    fn count(self) -> u32 {
        self.0.into_iter().map(M::count).sum()
    }
}

impl<L, const N: usize> Pack<L, N> {
    /// Applies `f` to each register.
    #[inline(always)]
    pub fn map<M>(self, f: impl FnMut(L) -> M) -> Pack<M, N> {
        Pack(self.0.map(f))
    }
}

macro_rules! binary {
    ($trait:ident, $method:ident, $assign_trait:ident, $assign:ident) => {
        impl<L: Lane, const N: usize> $trait for Pack<L, N> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Self(from_fn(|k| self.0[k].$method(other.0[k])))
            }
        }
        impl<L: Lane, const N: usize> $assign_trait for Pack<L, N> {
            #[inline(always)]
            fn $assign(&mut self, other: Self) {
                *self = self.$method(other);
            }
        }
    };
}
binary!(Add, add, AddAssign, add_assign);
binary!(Sub, sub, SubAssign, sub_assign);
binary!(Mul, mul, MulAssign, mul_assign);
binary!(Div, div, DivAssign, div_assign);

impl<L: Lane, const N: usize> Neg for Pack<L, N> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self(self.0.map(L::neg))
    }
}

macro_rules! unary {
    ($($method:ident),*) => {
        $(#[inline(always)]
        fn $method(self) -> Self {
            Self(self.0.map(L::$method))
        })*
    };
}

impl<L: Lane, const N: usize> Lane for Pack<L, N> {
    type Scalar = L::Scalar;
    type Mask = PackMask<L::Mask, N>;

    #[inline(always)]
    fn broadcast(value: L::Scalar) -> Self {
        Self([L::broadcast(value); N])
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        Self(from_fn(|k| self.0[k].mul_add(factor.0[k], term.0[k])))
    }
    #[inline(always)]
    fn neg_mul_add(self, factor: Self, term: Self) -> Self {
        Self(from_fn(|k| self.0[k].neg_mul_add(factor.0[k], term.0[k])))
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        Self(from_fn(|k| self.0[k].min(other.0[k])))
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(from_fn(|k| self.0[k].max(other.0[k])))
    }
    #[inline(always)]
    fn lt(self, other: Self) -> Self::Mask {
        PackMask(from_fn(|k| self.0[k].lt(other.0[k])))
    }
    #[inline(always)]
    fn le(self, other: Self) -> Self::Mask {
        PackMask(from_fn(|k| self.0[k].le(other.0[k])))
    }
    #[inline(always)]
    fn eq(self, other: Self) -> Self::Mask {
        PackMask(from_fn(|k| self.0[k].eq(other.0[k])))
    }
    #[inline(always)]
    fn select(mask: Self::Mask, if_true: Self, if_false: Self) -> Self {
        Self(from_fn(|k| {
            L::select(mask.0[k], if_true.0[k], if_false.0[k])
        }))
    }
    unary!(
        sqrt,
        abs,
        exp,
        exp2_nonpositive,
        exp_m1,
        ln,
        ln_1p,
        sigmoid,
        softplus
    );
    #[inline(always)]
    fn sin_cos_turns(self) -> (Self, Self) {
        let both = self.0.map(L::sin_cos_turns);
        (Self(both.map(|b| b.0)), Self(both.map(|b| b.1)))
    }
}
