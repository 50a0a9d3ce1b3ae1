// SPDX-License-Identifier: Apache-2.0

/// Runs tasks on an event loop's thread.
public final class LoopTaskExecutor: TaskExecutor {
    private let loop: EventLoop

    init(_ loop: EventLoop) { self.loop = loop }

    /// Puts a job into the loop's queue. From any thread.
    ///
    /// - Parameter job: what to run.
    public func enqueue(_ job: consuming ExecutorJob) {
        self.loop.add(.task(UnownedJob(job), self))
    }
}

extension EventLoop {
    /// For tasks that are to run on the loop's thread: an answer to a message then costs no hop between threads.
    ///
    /// While such a task computes, every connection of the loop waits, and each message costs a look at the task's executor: it is
    /// for consumers of single messages that do little, and slow for a flood.
    ///
    /// ```swift
    /// Task(executorPreference: loop.taskExecutor) { for try await message in socket { … } }
    /// ```
    public var taskExecutor: LoopTaskExecutor { LoopTaskExecutor(self) }
}
