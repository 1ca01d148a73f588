#include "textflag.h"

// Each of 32 bytes is looked up twice at once: by its low and by its high four
// bits. What both tables have a bit for is marked.
//
//	bit 0  \a \b \n \r SO SI    0x07 0x08 0x0a 0x0d 0x0e 0x0f
//	bit 1  ESC                  0x1b
//	bit 2  % &                  0x25 0x26
//	bit 3  \                    0x5c
//	bit 4  0xe2
//	bit 5  0xef
//	bit 6  0xc2

DATA low<>+0(SB)/8, $0x0104040000500000
DATA low<>+8(SB)/8, $0x2101010802010001
GLOBL low<>(SB), RODATA|NOPTR, $16

DATA high<>+0(SB)/8, $0x0000080000040201
DATA high<>+8(SB)/8, $0x0030004000000000
GLOBL high<>(SB), RODATA|NOPTR, $16

DATA four<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL four<>(SB), RODATA|NOPTR, $8

#define MARK32(at, mask) \
	VMOVDQU at(SI), Y0 \
	VPSRLW $4, Y0, Y1 \
	VPAND Y0, Y7, Y0 \
	VPAND Y1, Y7, Y1 \
	VPSHUFB Y0, Y5, Y0 \
	VPSHUFB Y1, Y6, Y1 \
	VPAND Y0, Y1, Y0 \
	VPCMPEQB Y0, Y4, Y0 \
	VPMOVMSKB Y0, mask

// func markAVX2(words []uint64, text []byte)
TEXT ·markAVX2(SB), NOSPLIT, $0-48
	MOVQ words_base+0(FP), DI
	MOVQ text_base+24(FP), SI
	MOVQ text_len+32(FP), CX
	ADDQ SI, CX
	VPXOR Y4, Y4, Y4
	VBROADCASTI128 low<>(SB), Y5
	VBROADCASTI128 high<>(SB), Y6
	VPBROADCASTQ four<>(SB), Y7

group:
	CMPQ SI, CX
	JEQ  done
	PREFETCHT0 8192(SI) // what will be looked at soon; behind the text it does no harm
	MARK32(0, AX)
	MARK32(32, BX)
	SHLQ $32, BX
	ORQ  BX, AX
	NOTQ AX // they were compared with zero
	MOVQ AX, (DI)
	ADDQ $64, SI
	ADDQ $8, DI
	JMP  group

done:
	VZEROUPPER
	RET

// func hasAVX2() bool
//
// Does the processor have AVX2, and does the system save its registers?
TEXT ·hasAVX2(SB), NOSPLIT, $0-1
	MOVB $0, ret+0(FP)
	MOVL $1, AX
	XORL CX, CX
	CPUID
	ANDL $(3<<27), CX // OSXSAVE, AVX
	CMPL CX, $(3<<27)
	JNE  no
	XORL CX, CX
	XGETBV
	ANDL $6, AX
	CMPL AX, $6
	JNE  no
	MOVL $7, AX
	XORL CX, CX
	CPUID
	SHRL $5, BX // AVX2
	ANDL $1, BX
	MOVB BX, ret+0(FP)

no:
	RET
