import { describe, expect, test } from 'vitest'
import { MemoryMedia } from '../../node/mesh/memory-connections.ts'
import { CONNECTIONS_CONTRACT } from './connections.ts'

describe('connections in memory', () => {
  test.each(CONNECTIONS_CONTRACT)('$name', async ({ run }) => {
    const media = new MemoryMedia()
    await run({ connections: media, track: () => ({ kind: 'audio', enabled: true }) as MediaStreamTrack })
    expect(media.size, 'connections left open').toBe(0)
  })
})
