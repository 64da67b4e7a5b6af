import { connect } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Front } from '../../../relay/network/front.ts'
import type * as limits from '../../../relay/network/limits.ts'

vi.mock('../../../relay/network/limits.ts', async (original) => ({
  ...(await original<typeof limits>()),
  HTTP_HEADERS_MS: 100,
  HTTP_CHECK_MS: 20,
}))

test.each(['nothing, as a browser that connects before it has anything to ask', 'half a head'])(
  'who says %s is told that it took too long, after which a browser asks again',
  async (what) => {
    const front = new Front({ listen: { host: '127.0.0.1', port: 0 }, httpHandler: () => {} })
    onTestFinished(() => front.close())
    await front.listen()
    const answer = await new Promise<string>((resolve, reject) => {
      let said = ''
      const socket = connect(front.port, '127.0.0.1', () => {
        if (what === 'half a head') socket.write('GET / HTTP/1.1\r\nHo')
      })
      socket.on('data', (data) => {
        said += data.toString()
      })
      socket.on('close', () => resolve(said))
      socket.on('error', reject)
    })
    expect(answer).toMatch(/^HTTP\/1\.1 408 .*\r\nConnection: close\r\n/)
  },
)
