import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import type { ReaderMeans } from '../../audit/reader.ts'
import { nodeSha256 } from '../../audit/sha.ts'
import { platformVerifier } from '../../crypto/native.ts'
import type { Terminal } from '../command.ts'

/** Runs an audit with the terminal's crew, and lets it go afterwards. */
export async function withMeans<T>(
  terminal: Pick<Terminal, 'crew'>,
  audit: (means: ReaderMeans) => Promise<T>,
): Promise<T> {
  const unbound = boundHeap()
  const crew = terminal.crew()
  try {
    return await audit({ crew, verifier: await platformVerifier(), sha256: nodeSha256 })
  } finally {
    await crew.close()
    unbound()
  }
}

/** By how much the engine lets its heap grow before it looks for garbage. Left to itself, it takes half as much again. */
const HEAP_GROWTH_PERCENT = 15

/**
 * How large the engine's young generation is to be, in bytes: room for the entries of some batches. Left to itself it grows to four times that, and
 * nothing lives longer for it.
 */
const YOUNG_BYTES = 32 * 1024 ** 2

/** How large that of a worker is from its beginning on, half of it, in megabytes: the bound of ours is one of the whole process, and keeps it from growing. */
const WORKER_YOUNG_MB = 4

/** Between two looks at how large the young generation is. Milliseconds. */
const LOOK_EVERY = 50

/** Lets the engine be sparing with memory. Returns what ends that. */
function boundHeap(): () => void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH_PERCENT}`)
  setFlagsFromString(`--min-semi-space-size=${WORKER_YOUNG_MB}`)
  // It has a bound of its own only for who sets one when the process starts; this one holds from the moment when it is said.
  const look = (): void => {
    const young = getHeapSpaceStatistics().find(({ space_name: name }) => name === 'new_space')
    if ((young?.space_size ?? 0) < YOUNG_BYTES) return
    setFlagsFromString('--semi-space-growth-factor=1')
    clearInterval(looks)
  }
  const looks = setInterval(look, LOOK_EVERY)
  look()
  return () => {
    clearInterval(looks)
    setFlagsFromString('--heap-growing-percent=0')
    setFlagsFromString('--min-semi-space-size=0')
    setFlagsFromString('--semi-space-growth-factor=2')
  }
}
