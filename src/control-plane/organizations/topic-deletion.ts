export interface TopicDeletion {
  /** The topics of both environments; what is not there is no error. Rejects with `service_unavailable` and what to do. */
  deleteOrganizationTopics(organizationIds: readonly string[]): Promise<void>
}
