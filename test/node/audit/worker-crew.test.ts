import { expect, onTestFinished, test } from 'vitest'
import { batchOf } from '../../../node/audit/checking.ts'
import { nodeSha256 } from '../../../node/audit/sha.ts'
import { workerCrew } from '../../../node/audit/worker-crew.ts'
import { leafHash } from '../../../protocol/log/merkle.ts'

test('a crew gives everybody the answer to what they asked, of more batches than it has workers', async () => {
  const crew = workerCrew(2)
  onTestFinished(() => crew.close())
  const entries = Array.from({ length: 7 }, (_, i) => new Uint8Array(100).fill(i))
  const checked = await Promise.all(entries.map((entry) => crew.check(batchOf([entry], []))))
  expect(checked.map(({ leaves }) => leaves)).toEqual(entries.map((entry) => leafHash(entry, nodeSha256)))
})

test('a crew that is let go while it works ends that with an error', async () => {
  const crew = workerCrew(1)
  const checked = crew.check(batchOf([new Uint8Array(100)], []))
  await Promise.all([expect(checked).rejects.toThrow('has ended'), crew.close()])
})
