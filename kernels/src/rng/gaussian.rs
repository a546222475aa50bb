//! placeholder
use crate::lane::{Register,Word};
/// .
#[inline(always)] pub fn double<R: Register<Scalar=f64>>(first: R::Word, second: R::Word)->(R,R){
 let u: R = super::uniform_open(first); let (s,c)=super::uniform::<R>(second).sin_cos_turns(); let r=(R::splat(-2.0)*u.ln()).sqrt(); (r*s,r*c)}
/// .
#[inline(always)] pub fn single<R: Register<Scalar=f32>>(first: R::Word, second: R::Word)->(R,R){
 let u: R = super::uniform_open(first); let (s,c)=super::uniform::<R>(second).sin_cos_turns(); let r=(R::splat(-2.0)*u.ln()).sqrt(); (r*s,r*c)}
