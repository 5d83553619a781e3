/** What the sweep must know of workflows. */
export interface Runs {
  /** True while a workflow with this id is open. */
  isOpen(workflowId: string): Promise<boolean>;
}
