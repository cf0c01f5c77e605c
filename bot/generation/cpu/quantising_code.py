"""The program text (LLVM) that turns rows of numbers into int8, group by group.

Each group of 32 inputs is divided by 1/127 of its largest magnitude and rounded. Kept beside it are
that scale and the sum of what the whole numbers stand for, which weights with an offset need.
"""

from __future__ import annotations

QUANTISE = "quantise"

ARGUMENTS = ("rows", "x", "scales", "sums", "groups")
"""What it is told, each in eight bytes: fp32 inputs, what becomes of them, and the number of groups
in all rows together. Then comes a 0, which says which groups are next while it runs."""

DECLARATIONS = """
declare <32 x float> @llvm.fabs.v32f32(<32 x float>)
declare float @llvm.vector.reduce.fmax.v32f32(<32 x float>)
declare <32 x float> @llvm.roundeven.v32f32(<32 x float>)
declare i32 @llvm.vector.reduce.add.v32i32(<32 x i32>)
"""

CODE = f"""
define void @{QUANTISE}(ptr %arguments) {{
entry:
  %rows = load ptr, ptr %arguments
  %at_x = getelementptr i64, ptr %arguments, i64 1
  %x = load ptr, ptr %at_x
  %at_scales = getelementptr i64, ptr %arguments, i64 2
  %scales = load ptr, ptr %at_scales
  %at_sums = getelementptr i64, ptr %arguments, i64 3
  %sums = load ptr, ptr %at_sums
  %at_groups = getelementptr i64, ptr %arguments, i64 4
  %groups = load i64, ptr %at_groups
  %counter = getelementptr i64, ptr %arguments, i64 5
  br label %claim
claim:
  %first = atomicrmw add ptr %counter, i64 256 monotonic
  %end = add i64 %first, 256
  %beyond = icmp ugt i64 %end, %groups
  %last = select i1 %beyond, i64 %groups, i64 %end
  %any = icmp ult i64 %first, %groups
  br i1 %any, label %group, label %done
group:
  %g = phi i64 [ %first, %claim ], [ %next, %group ]
  %k = mul i64 %g, 32
  %from = getelementptr float, ptr %rows, i64 %k
  %values = load <32 x float>, ptr %from, align 4
  %sizes = call <32 x float> @llvm.fabs.v32f32(<32 x float> %values)
  %largest = call nnan float @llvm.vector.reduce.fmax.v32f32(<32 x float> %sizes)
  %none = fcmp ole float %largest, 0x39B0000000000000
  %scale_raw = fdiv float %largest, 127.0
  %scale = select i1 %none, float 0.0, float %scale_raw
  %many_raw = fdiv float 127.0, %largest
  %many = select i1 %none, float 0.0, float %many_raw
  %many_one = insertelement <32 x float> poison, float %many, i64 0
  %many_all = shufflevector <32 x float> %many_one, <32 x float> poison, <32 x i32> zeroinitializer
  %exact = fmul <32 x float> %values, %many_all
  %round = call <32 x float> @llvm.roundeven.v32f32(<32 x float> %exact)
  %whole = fptosi <32 x float> %round to <32 x i32>
  %small = trunc <32 x i32> %whole to <32 x i8>
  %to = getelementptr i8, ptr %x, i64 %k
  store <32 x i8> %small, ptr %to, align 1
  %count = call i32 @llvm.vector.reduce.add.v32i32(<32 x i32> %whole)
  %count_real = sitofp i32 %count to float
  %sum = fmul float %count_real, %scale
  %scale_to = getelementptr float, ptr %scales, i64 %g
  store float %scale, ptr %scale_to
  %sum_to = getelementptr float, ptr %sums, i64 %g
  store float %sum, ptr %sum_to
  %next = add i64 %g, 1
  %more = icmp ult i64 %next, %last
  br i1 %more, label %group, label %claim
done:
  ret void
}}
"""
