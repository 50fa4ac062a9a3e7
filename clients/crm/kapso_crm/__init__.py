"""The customers API for programs: `CrmService` asks it, `MockCrm` stands in for it where there is none."""
