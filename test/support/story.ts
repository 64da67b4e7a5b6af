import { beforeEach } from 'vitest'

/** For tests that are the steps of one story, in order: once a step has failed, those after it fail at once. */
export function inOneStory(): void {
  let failed: string | undefined
  beforeEach(({ task, onTestFailed }) => {
    if (failed !== undefined) throw new Error(`an earlier step failed: ${failed}`)
    onTestFailed(() => {
      failed = task.name
    })
  })
}
