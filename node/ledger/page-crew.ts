import { type Batch, type Checked, type Crew, memoryOf } from '../audit/checking.ts'

/** One worker of the browser: the page has the other processor. It answers in the order in which it was asked. */
export function pageCrew(): Crew {
  const worker = new Worker(new URL('./page-crew-worker.ts', import.meta.url), { type: 'module' })
  const asked: PromiseWithResolvers<Checked>[] = []
  let failure: Error | undefined
  const fail = (cause: Error): void => {
    failure = cause
    for (const { reject } of asked.splice(0)) reject(cause)
  }
  worker.addEventListener('message', ({ data }: MessageEvent<Checked>) => asked.shift()?.resolve(data))
  // It may not even have been loaded: the relay serves its code, too.
  worker.addEventListener('error', ({ message }) => fail(new Error(`a worker failed: ${message}`)))
  return {
    width: 1,
    check(batch: Batch) {
      // Whoever failed with nothing to do answers nothing any more.
      if (failure !== undefined) return Promise.reject(failure)
      const answer = Promise.withResolvers<Checked>()
      asked.push(answer)
      worker.postMessage(batch, memoryOf(batch))
      return answer.promise
    },
    async close() {
      worker.terminate()
      fail(new Error('the worker was let go'))
    },
  }
}
