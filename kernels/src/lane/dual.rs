//! Forward-mode differentiation: a lane that carries a directional derivative.
//!
//! f(v + t eps) = f(v) + f'(v) t eps with eps^2 = 0. A density written over [`Lane`] evaluated at
//! `Dual` numbers with tangent e_j yields its exact j-th partial derivative: the check of every
//! hand-written gradient, and the way out of writing one. Cost: d evaluations of about twice the
//! price each for a gradient in d dimensions.

use super::Lane;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// A value and its derivative in one direction.
#[derive(Clone, Copy, Debug)]
pub struct Dual<L> {
    /// The value.
    pub value: L,
    /// The derivative.
    pub tangent: L,
}

impl<L: Lane> Dual<L> {
    /// A number that does not depend on the direction.
    #[inline(always)]
    pub fn constant(value: L) -> Self {
        Self {
            value,
            tangent: L::zero(),
        }
    }
    /// The coordinate being differentiated by.
    #[inline(always)]
    pub fn variable(value: L) -> Self {
        Self {
            value,
            tangent: L::one(),
        }
    }
    /// f(self) given f and f' at the value.
    #[inline(always)]
    fn chain(self, value: L, derivative: L) -> Self {
        Self {
            value,
            tangent: derivative * self.tangent,
        }
    }
}

impl<L: Lane> Add for Dual<L> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            tangent: self.tangent + other.tangent,
        }
    }
}
impl<L: Lane> Sub for Dual<L> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self {
            value: self.value - other.value,
            tangent: self.tangent - other.tangent,
        }
    }
}
impl<L: Lane> Mul for Dual<L> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self {
            value: self.value * other.value,
            tangent: self
                .value
                .mul_add(other.tangent, self.tangent * other.value),
        }
    }
}
impl<L: Lane> Div for Dual<L> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        Self {
            value,
            tangent: value.neg_mul_add(other.tangent, self.tangent) / other.value,
        }
    }
}
impl<L: Lane> Neg for Dual<L> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self {
            value: -self.value,
            tangent: -self.tangent,
        }
    }
}

macro_rules! assign {
    ($trait:ident, $assign:ident, $op:ident) => {
        impl<L: Lane> $trait for Dual<L> {
            #[inline(always)]
            fn $assign(&mut self, other: Self) {
                *self = self.$op(other);
            }
        }
    };
}
assign!(AddAssign, add_assign, add);
assign!(SubAssign, sub_assign, sub);
assign!(MulAssign, mul_assign, mul);
assign!(DivAssign, div_assign, div);

impl<L: Lane> Lane for Dual<L> {
    type Scalar = L::Scalar;
    type Mask = L::Mask;

    #[inline(always)]
    fn broadcast(value: L::Scalar) -> Self {
        Self::constant(L::broadcast(value))
    }
    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        Self {
            value: self.value.mul_add(factor.value, term.value),
            tangent: self.value.mul_add(
                factor.tangent,
                self.tangent.mul_add(factor.value, term.tangent),
            ),
        }
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        self.chain(root, L::splat(0.5) / root)
    }
    #[inline(always)]
    fn abs(self) -> Self {
        let negative = self.value.lt(L::zero());
        Self {
            value: self.value.abs(),
            tangent: L::select(negative, -self.tangent, self.tangent),
        }
    }
    #[inline(always)]
    fn lt(self, other: Self) -> L::Mask {
        self.value.lt(other.value)
    }
    #[inline(always)]
    fn le(self, other: Self) -> L::Mask {
        self.value.le(other.value)
    }
    #[inline(always)]
    fn eq(self, other: Self) -> L::Mask {
        self.value.eq(other.value)
    }
    #[inline(always)]
    fn select(mask: L::Mask, if_true: Self, if_false: Self) -> Self {
        Self {
            value: L::select(mask, if_true.value, if_false.value),
            tangent: L::select(mask, if_true.tangent, if_false.tangent),
        }
    }
    #[inline(always)]
    fn exp(self) -> Self {
        let value = self.value.exp();
        self.chain(value, value)
    }
    #[inline(always)]
    fn exp2_nonpositive(self) -> Self {
        let value = self.value.exp2_nonpositive();
        self.chain(value, value * L::splat(std::f64::consts::LN_2))
    }
    #[inline(always)]
    fn exp_m1(self) -> Self {
        self.chain(self.value.exp_m1(), self.value.exp())
    }
    #[inline(always)]
    fn ln(self) -> Self {
        self.chain(self.value.ln(), self.value.recip())
    }
    #[inline(always)]
    fn ln_1p(self) -> Self {
        self.chain(self.value.ln_1p(), (L::one() + self.value).recip())
    }
    #[inline(always)]
    fn sigmoid(self) -> Self {
        let value = self.value.sigmoid();
        self.chain(value, value * (-self.value).sigmoid())
    }
    #[inline(always)]
    fn softplus(self) -> Self {
        self.chain(self.value.softplus(), self.value.sigmoid())
    }
    #[inline(always)]
    fn sin_cos_turns(self) -> (Self, Self) {
        let (sin, cos) = self.value.sin_cos_turns();
        let tau = L::splat(std::f64::consts::TAU);
        (self.chain(sin, tau * cos), self.chain(cos, -(tau * sin)))
    }
}
