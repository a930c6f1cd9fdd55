/** A vitest reporter that ends with one plain line: `N passed, N failed`. */
import type { Reporter, TestModule } from "vitest/node";

export default class PlainCount implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    let passed = 0;
    let failed = 0;
    for (const module of modules) {
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === "passed") passed++;
        else if (state === "failed") failed++;
      }
      // A file that could not even be collected is a failure too.
      if (module.state() === "failed" && module.errors().length > 0) failed++;
    }
    console.log(`${passed} passed, ${failed} failed`);
  }
}
