// What a CUDA kernel needs from CUDA, in C++ for a CPU; `__init__.py` explains how it works. The language and the
// mathematics come first, then threads and how they wait for each other, then the scheduler. To follow a launch, read
// from the end: launch(), run_grid(), run_block(), run_warp().

#pragma once
#define CUDA_ON_HOST 1

#include <math.h>
#include <cmath>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <utility>

// ---- The words of the language --------------------------------------------------------------------------------------

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __shared__ static  // one copy for all threads; blocks run one after the other, so one copy is enough

// For the variables that must outlive a block. All other variables that start as zero are the kernel's shared memory.
#ifdef __ELF__
#define OF_THE_SHIM __attribute__((section(".data")))
#else
#define OF_THE_SHIM
#endif

struct uint3 { unsigned x, y, z; };
struct dim3 { unsigned x, y, z; };
OF_THE_SHIM uint3 threadIdx{}, blockIdx{};
OF_THE_SHIM dim3 blockDim{}, gridDim{};
constexpr int warpSize = 32;

struct alignas(8) float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(16) double2 { double x, y; };
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline double2 make_double2(double x, double y) { return {x, y}; }

// ---- Mathematics: one name for float and double, as in CUDA ---------------------------------------------------------

using std::erf, std::erfc, std::exp, std::log, std::log1p, std::pow, std::sqrt, std::tanh;
using std::fabs, std::floor, std::fma, std::isinf, std::isnan;
inline float rsqrt(float x) { return 1.0f / sqrt(x); }
inline double rsqrt(double x) { return 1.0 / sqrt(x); }
inline float max(float a, float b) { return fmax(a, b); }  // max of a number and NaN is the number, as in CUDA
inline float min(float a, float b) { return fmin(a, b); }
inline double max(double a, double b) { return fmax(a, b); }
inline double min(double a, double b) { return fmin(a, b); }
inline int max(int a, int b) { return a > b ? a : b; }
inline int min(int a, int b) { return a < b ? a : b; }
inline unsigned max(unsigned a, unsigned b) { return a > b ? a : b; }
inline unsigned min(unsigned a, unsigned b) { return a < b ? a : b; }
inline long long max(long long a, long long b) { return a > b ? a : b; }
inline long long min(long long a, long long b) { return a < b ? a : b; }

namespace cuda_on_host {
template <typename To, typename From>
To same_bits(From x) {
    static_assert(sizeof(To) == sizeof(From), "bits are kept, so the sizes must agree");
    To y;
    memcpy(&y, &x, sizeof y);
    return y;
}
}  // namespace cuda_on_host
inline float __int_as_float(int x) { return cuda_on_host::same_bits<float>(x); }
inline int __float_as_int(float x) { return cuda_on_host::same_bits<int>(x); }
inline float __uint_as_float(unsigned x) { return cuda_on_host::same_bits<float>(x); }
inline unsigned __float_as_uint(float x) { return cuda_on_host::same_bits<unsigned>(x); }

namespace cuda_on_host {

// ---- Threads: each has its own stack and registers, and one runs at a time ------------------------------------------

enum class State { ready, at_syncthreads, at_warp_function, returned };

struct Thread {
    ucontext_t context;  // its registers where it stopped
    uint3 index;
    State state;
    int line;            // of the kernel's source, where it waits
    unsigned mask;       // the lanes of a warp function
    int source;          // the lane whose value it wants
    unsigned char offered[8], received[8];
};

constexpr int MAX_THREADS = 1024;
constexpr size_t STACK_BYTES = 64 * 1024;
OF_THE_SHIM Thread* threads = nullptr;  // of one block
OF_THE_SHIM Thread* current = nullptr;
OF_THE_SHIM ucontext_t scheduler = {};
OF_THE_SHIM char* stacks = nullptr;     // one for each thread
OF_THE_SHIM bool any_predicate = false;  // of the threads at __syncthreads_or()
OF_THE_SHIM char problem[512] = "";

inline void wait_until_released(State state, int line) {
    current->state = state;
    current->line = line;
    swapcontext(&current->context, &scheduler);
}

inline void resume(Thread& thread) {
    current = &thread;
    threadIdx = thread.index;
    swapcontext(&scheduler, &thread.context);
}

// ---- Meeting the other threads --------------------------------------------------------------------------------------

// A warp function: each lane offers a value, names the lane whose value it wants, and waits for the lanes of the mask.
template <typename T>
T exchange(unsigned mask, T value, int source, int line) {
    static_assert(sizeof(T) <= sizeof current->offered, "a shuffle moves up to eight bytes");
    memcpy(current->offered, &value, sizeof value);
    current->mask = mask;
    current->source = source;
    wait_until_released(State::at_warp_function, line);
    memcpy(&value, current->received, sizeof value);
    return value;
}

inline int own_lane() { return int(current - threads) % warpSize; }

}  // namespace cuda_on_host

inline void __syncthreads(int line = __builtin_LINE()) {
    cuda_on_host::wait_until_released(cuda_on_host::State::at_syncthreads, line);
}
inline int __syncthreads_or(int predicate, int line = __builtin_LINE()) {
    if (predicate) cuda_on_host::any_predicate = true;
    __syncthreads(line);
    const bool result = cuda_on_host::any_predicate;
    __syncthreads(line);  // everybody has read it
    cuda_on_host::any_predicate = false;
    __syncthreads(line);
    return result;
}
inline void __syncwarp(unsigned mask = 0xffffffff, int line = __builtin_LINE()) {
    cuda_on_host::exchange(mask, 0, cuda_on_host::own_lane(), line);
}
template <typename T>
T __shfl_sync(unsigned mask, T value, int lane, int width = warpSize, int line = __builtin_LINE()) {
    int first = cuda_on_host::own_lane() / width * width;
    return cuda_on_host::exchange(mask, value, first + (lane & (width - 1)), line);
}
template <typename T>
T __shfl_xor_sync(unsigned mask, T value, int lanes, int width = warpSize, int line = __builtin_LINE()) {
    int lane = cuda_on_host::own_lane(), source = lane ^ lanes;
    return cuda_on_host::exchange(mask, value, source / width > lane / width ? lane : source, line);
}
template <typename T>
T __shfl_down_sync(unsigned mask, T value, int lanes, int width = warpSize, int line = __builtin_LINE()) {
    int lane = cuda_on_host::own_lane(), source = lane + lanes;
    return cuda_on_host::exchange(mask, value, lane % width + lanes < width ? source : lane, line);
}
template <typename T>
T __shfl_up_sync(unsigned mask, T value, int lanes, int width = warpSize, int line = __builtin_LINE()) {
    int lane = cuda_on_host::own_lane(), source = lane - lanes;
    return cuda_on_host::exchange(mask, value, lane % width - lanes >= 0 ? source : lane, line);
}

namespace cuda_on_host {

// ---- The scheduler --------------------------------------------------------------------------------------------------

inline bool stop(const Thread& thread, const char* what) {
    snprintf(problem, sizeof problem, "thread (%u, %u, %u) of block (%u, %u, %u) %s", thread.index.x, thread.index.y,
             thread.index.z, blockIdx.x, blockIdx.y, blockIdx.z, what);
    return false;
}

inline bool stop(const Thread& thread, const char* waits_at, const Thread& other) {
    char where[32] = "has returned", what[256];
    if (other.state != State::returned) snprintf(where, sizeof where, "waits in line %d", other.line);
    snprintf(what, sizeof what, "waits at %s in line %d, but thread (%u, %u, %u) %s", waits_at, thread.line,
             other.index.x, other.index.y, other.index.z, where);
    return stop(thread, what);
}

inline bool is_in(unsigned mask, int lane) { return mask >> lane & 1; }

// A lane that another one at a warp function still waits for; null if there is none. Returned lanes are not waited for.
inline const Thread* missing(const Thread* warp, int n_lanes, const Thread& lane) {
    for (int j = 0; j < n_lanes; j++) {
        const Thread& other = warp[j];
        bool there = other.state == State::at_warp_function && other.line == lane.line && other.mask == lane.mask;
        if (is_in(lane.mask, j) && other.state != State::returned && !there) return &other;
    }
    return nullptr;
}

// The lanes of a mask, all of which have arrived, get the values that they want.
inline bool hand_over(Thread* warp, int n_lanes, unsigned mask) {
    auto takes_part = [&](int j) { return j < n_lanes && is_in(mask, j) && warp[j].state != State::returned; };
    for (int j = 0; j < n_lanes; j++) {
        if (!takes_part(j)) continue;
        if (!takes_part(warp[j].source)) return stop(warp[j], "shuffles with a lane that takes no part in it");
        memcpy(warp[j].received, warp[warp[j].source].offered, sizeof warp[j].received);
    }
    for (int j = 0; j < n_lanes; j++)
        if (takes_part(j)) warp[j].state = State::ready;
    return true;
}

// Releases the lanes whose warp function is complete; returns whether there were any.
inline bool release_lanes(Thread* warp, int n_lanes) {
    bool released = false;
    for (int i = 0; i < n_lanes; i++) {
        if (warp[i].state != State::at_warp_function || missing(warp, n_lanes, warp[i])) continue;
        if (!is_in(warp[i].mask, i)) return stop(warp[i], "is not in the mask of the warp function that it calls");
        if (!hand_over(warp, n_lanes, warp[i].mask)) return false;
        released = true;
    }
    return released;
}

// Runs the lanes of one warp until each has returned or waits at a __syncthreads(). False if there is a problem.
inline bool run_warp(Thread* warp, int n_lanes, bool backwards) {
    do {
        for (int i = 0; i < n_lanes; i++) {
            Thread& thread = warp[backwards ? n_lanes - 1 - i : i];
            if (thread.state == State::ready) resume(thread);
        }
    } while (release_lanes(warp, n_lanes));
    for (int i = 0; i < n_lanes && !*problem; i++)
        if (warp[i].state == State::at_warp_function)
            return stop(warp[i], "a warp function", *missing(warp, n_lanes, warp[i]));
    return !*problem;
}

// Runs all threads of a block from barrier to barrier, where all must meet, until all have returned.
inline bool run_block(int n_threads, bool backwards) {
    int n_warps = (n_threads + warpSize - 1) / warpSize;
    const Thread& one = threads[0];
    do {
        for (int i = 0; i < n_threads; i++) threads[i].state = State::ready;
        for (int i = 0; i < n_warps; i++) {
            int first = warpSize * (backwards ? n_warps - 1 - i : i);
            if (!run_warp(threads + first, min(n_threads - first, warpSize), backwards)) return false;
        }
        for (int i = 0; i < n_threads; i++) {
            const Thread& other = threads[i];
            if (one.state == State::returned && other.state != one.state) return stop(other, "__syncthreads()", one);
            if (one.state != other.state || one.line != other.line) return stop(one, "__syncthreads()", other);
        }
    } while (one.state != State::returned);
    return true;
}

// On a GPU, shared memory is uninitialised when a block starts. Here all its bits are set, which is NaN.
#ifdef __ELF__
extern "C" __attribute__((visibility("hidden"))) char __bss_start[], _end[];  // the linker's names for that memory
inline void forget_shared_memory() { memset(__bss_start, 0xff, _end - __bss_start); }
#else
inline void forget_shared_memory() {}
#endif

OF_THE_SHIM void (*body)(void*) = nullptr;  // the kernel, called with its arguments
OF_THE_SHIM void* body_arguments = nullptr;

inline void thread_main() {
    body(body_arguments);
    current->state = State::returned;
    current->line = 0;
}

// Runs a grid. Returns null, or what went wrong.
inline const char* run_grid(const unsigned* grid, const unsigned* block, bool backwards) {
    gridDim = {grid[0], grid[1], grid[2]};
    blockDim = {block[0], block[1], block[2]};
    int n_threads = int(block[0] * block[1] * block[2]);
    if (!threads) threads = new Thread[MAX_THREADS], stacks = new char[MAX_THREADS * STACK_BYTES];
    *problem = 0;
    long long n_blocks = (long long)grid[0] * grid[1] * grid[2];
    for (long long i = 0; i < n_blocks; i++) {
        long long b = backwards ? n_blocks - 1 - i : i;
        blockIdx = {unsigned(b % grid[0]), unsigned(b / grid[0] % grid[1]), unsigned(b / grid[0] / grid[1])};
        forget_shared_memory();
        for (int t = 0; t < n_threads; t++) {
            Thread& thread = threads[t];
            thread.index = {t % block[0], t / block[0] % block[1], t / block[0] / block[1]};
            getcontext(&thread.context);
            thread.context.uc_stack.ss_sp = stacks + t * STACK_BYTES;
            thread.context.uc_stack.ss_size = STACK_BYTES;
            thread.context.uc_link = &scheduler;
            makecontext(&thread.context, thread_main, 0);
        }
        if (!run_block(n_threads, backwards)) return problem;
    }
    return nullptr;
}

// ---- Launching: a kernel is called with void** arguments, as by cudaLaunchKernel ------------------------------------

template <typename... P>
struct Call {
    void (*kernel)(P...);
    void** arguments;

    template <size_t... I>
    void now(std::index_sequence<I...>) { kernel(*static_cast<P*>(arguments[I])...); }
    static void run(void* call) { static_cast<Call*>(call)->now(std::index_sequence_for<P...>()); }
};

template <typename... P>
const char* launch(void (*kernel)(P...), const unsigned* grid, const unsigned* block, bool backwards,
                   void** arguments) {
    Call<P...> call{kernel, arguments};
    body = &Call<P...>::run;
    body_arguments = &call;
    return run_grid(grid, block, backwards);
}

// A kernel's parameters in NumPy's codes, with a * for a pointer: "*f4 *f4 i4 f8 ".
template <typename T>
struct Code {
    static void write(char* out) {
        char kind = std::is_same_v<T, bool> ? 'b' : std::is_floating_point_v<T> ? 'f' : std::is_signed_v<T> ? 'i'
                  : std::is_unsigned_v<T> ? 'u' : 'V';
        snprintf(out + strlen(out), 16, "%c%d ", kind, int(sizeof(T)));
    }
};
template <typename T>
struct Code<T*> {
    static void write(char* out) {
        strcat(out, "*");
        Code<std::remove_cv_t<T>>::write(out);
    }
};
template <typename... P>
const char* signature(void (*)(P...)) {
    static char codes[16 * (sizeof...(P) + 1)] = "";
    *codes = 0;
    (Code<P>::write(codes), ...);
    return codes;
}

}  // namespace cuda_on_host
