//! The widest vectors that the processor has, for the row kernels.
//!
//! Every kernel is compiled three times on x86-64: for any such processor (4 numbers at a time), for
//! AVX2 (8) and for AVX-512 (16). Which one runs is asked at each call; the answer is cached. None
//! fuses a multiplication with an addition, so all give the same bits.

/// Makes functions that call an `#[inline(always)]` body compiled for the processor at hand.
macro_rules! wide {
    ($(pub(super) fn $name:ident = $body:ident($($arg:ident: $kind:ty),* $(,)?);)*) => {$(
        #[doc = concat!("[`", stringify!($body), "`] with the widest vectors there are.")]
        #[cfg_attr(
            target_arch = "x86_64",
            expect(unsafe_code, reason = "functions for processor features, called where these were just found")
        )]
        #[inline]
        pub(super) fn $name($($arg: $kind),*) {
            #[inline(never)]
            fn narrow($($arg: $kind),*) {
                $body($($arg),*);
            }
            #[cfg(target_arch = "x86_64")]
            {
                #[inline(never)]
                #[target_feature(enable = "avx2")]
                fn avx2($($arg: $kind),*) {
                    $body($($arg),*);
                }
                #[inline(never)]
                #[target_feature(enable = "avx512f,avx512vl,avx512dq")]
                fn avx512($($arg: $kind),*) {
                    $body($($arg),*);
                }
                if std::arch::is_x86_feature_detected!("avx512f")
                    && std::arch::is_x86_feature_detected!("avx512vl")
                    && std::arch::is_x86_feature_detected!("avx512dq")
                {
                    // SAFETY: the processor has the three features.
                    unsafe { avx512($($arg),*) };
                    return;
                }
                if std::arch::is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor has AVX2.
                    unsafe { avx2($($arg),*) };
                    return;
                }
            }
            narrow($($arg),*);
        }
    )*};
}

pub(super) use wide;
